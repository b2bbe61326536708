using IotAnalytics.Benchmarks.Production;

namespace IotAnalytics.Benchmarks.Faults;

/// <summary>Compares what was produced with the lake and the database, after all hosts have stopped. Nothing found: an empty list.</summary>
internal static class Oracle
{
    private const string Rows = "(SELECT sensor_id, event_time, source_id, \"partition\", record_offset, item FROM silver UNION ALL SELECT sensor_id, event_time, source_id, \"partition\", record_offset, item FROM gold)";

    public static async Task<List<string>> FindAsync(FaultRun run, long produced)
    {
        var findings = new List<string>();
        using var lake = await LakeCopy.ReadAsync(run.Deployment.Store(), run.Deployment.Tables, run.Cancellation);
        var (silver, gold) = (lake.Count("SELECT count(*) FROM silver"), lake.Count("SELECT count(*) FROM gold"));
        Same("items of bronze's records", produced, lake.Count("SELECT coalesce(sum(item_count), 0) FROM bronze"));
        Same("records of bronze that are there twice", 0, lake.Count("SELECT count(*) - count(DISTINCT (source_id, \"partition\", record_offset)) FROM bronze"));
        Same("gaps in bronze's offsets", 0, lake.Count("SELECT coalesce(sum(gap), 0) FROM (SELECT max(record_offset) + 1 - count(*) AS gap FROM bronze GROUP BY source_id, \"partition\")"));
        Same("rows of silver and gold", produced, silver + gold);
        Same("different readings in silver and gold", produced, lake.Count($"SELECT count(DISTINCT (sensor_id, event_time)) FROM {Rows}"));
        Same("different identities in silver and gold", produced, lake.Count($"SELECT count(DISTINCT (source_id, \"partition\", record_offset, item)) FROM {Rows}"));
        Same("readings in the totals", produced, await run.CountedAsync());
        Same("normal readings in the totals", silver, await run.AskAsync("SELECT sum(normal) FROM iot.pipeline_minute"));
        Same("anomalies in the totals", gold, await run.AskAsync("SELECT sum(anomalies) FROM iot.pipeline_minute"));
        Same("anomaly rows", gold, await run.AskAsync("SELECT count(*) FROM iot.anomaly"));
        Same("readings in the roll-ups", produced, await run.AskAsync(
            "SELECT sum(reading_count) FROM iot.sensor_minute WHERE measurement = (SELECT min(measurement) FROM iot.sensor_minute)"));
        if (await run.VerifyAsync() is { } verified)
        {
            findings.Add($"lake verify: {verified}");
        }

        return findings;

        void Same(string what, long expected, long found)
        {
            if (expected != found)
            {
                findings.Add($"{what}: {found:N0} where {expected:N0} were expected");
            }
        }
    }
}
