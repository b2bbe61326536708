using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.EndToEnd;

/// <summary>What must be true of a data directory after a host was harmed while a <see cref="ReadingLoad"/> went on.</summary>
internal static class ExactlyOnce
{
    /// <summary>A host that stops takes no more records: what waits in the log is for the next one.</summary>
    public static async Task WaitUntilAllIsTakenAsync(HostProcess host, string data)
    {
        using var client = host.CreateClient(data);
        while (true)
        {
            using var answer = System.Text.Json.JsonDocument.Parse(await client.GetStringAsync("/api/v1/pipeline", TestContext.Current.CancellationToken));
            var partition = answer.RootElement.GetProperty("partitions")[0];
            if (partition.GetProperty("high_watermark") is { ValueKind: System.Text.Json.JsonValueKind.Number } high && high.GetInt64() > 0
                && partition.GetProperty("fast_offset").GetInt64() >= high.GetInt64())
            {
                return;
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    public static void AssertKept(string data, ReadingLoad load)
    {
        using var oracle = new LakeOracle(data);
        var offsets = oracle.BronzeOffsets();
        Assert.Equal(offsets.Count, offsets.Distinct().Count());
        var missing = load.Acknowledged.Keys.Except(offsets).ToList();
        Assert.True(missing.Count == 0, $"{missing.Count} acknowledged records are not in the lake, the first at {missing.FirstOrDefault()}");
        Assert.True(offsets.Count - load.Acknowledged.Count <= load.Unanswered, "records are in the lake that nobody sent");
        Assert.True(load.Acknowledged.Count > 100, "the load was too small to say anything");

        // Record by record, and item by item.
        var items = oracle.Lake<long>("SELECT sum(item_count) FROM bronze");
        var silver = oracle.Lake<long>("SELECT count(*) FROM silver");
        var gold = oracle.Lake<long>("SELECT count(*) FROM gold");
        var deadLetters = oracle.Database<long>("SELECT count(*) FROM dead_letter");
        var duplicates = oracle.Database<long>("SELECT sum(duplicates) FROM pipeline_minute");
        Assert.Equal(items, silver + gold + deadLetters + duplicates);
        Assert.True(gold > 0 && deadLetters > 0 && duplicates > 0, "the load has all kinds");
        Assert.Equal(silver + gold, oracle.Lake<long>(
            "SELECT count(*) FROM (SELECT DISTINCT record_offset, item FROM silver UNION SELECT DISTINCT record_offset, item FROM gold)"));

        // The database tells the same.
        Assert.Equal(items, oracle.Database<long>("SELECT sum(readings) FROM pipeline_minute"));
        Assert.Equal(silver, oracle.Database<long>("SELECT sum(normal) FROM pipeline_minute"));
        Assert.Equal(gold, oracle.Database<long>("SELECT sum(anomalies) FROM pipeline_minute"));
        Assert.Equal(gold, oracle.Database<long>("SELECT count(*) FROM anomaly"));
        Assert.Equal(deadLetters, oracle.Database<long>("SELECT sum(dead_letters) FROM pipeline_minute"));
        foreach (var measurement in new[] { "temperature", "humidity" })
        {
            Assert.Equal(
                oracle.Lake<long>($"SELECT count({measurement}) FROM (SELECT {measurement} FROM silver UNION ALL SELECT {measurement} FROM gold)"),
                oracle.Database<long>($"SELECT sum(reading_count) FROM sensor_minute WHERE measurement = '{measurement}'"));
            var inLake = oracle.Lake<double>($"SELECT sum({measurement}) FROM (SELECT {measurement} FROM silver UNION ALL SELECT {measurement} FROM gold)");
            var inDatabase = oracle.Database<double>($"SELECT sum(value_sum) FROM sensor_minute WHERE measurement = '{measurement}'");
            Assert.True(Math.Abs(inLake - inDatabase) <= 1e-9 * Math.Abs(inLake), $"{measurement}: {inLake:R} in the lake, {inDatabase:R} in the database");
        }

        Assert.Equal(gold, oracle.Database<long>("SELECT sum(anomaly_count) FROM sensor_minute WHERE measurement = 'temperature'"));
    }

    /// <summary>An implementation that is not ours opens what was published; a table without a first version is no table yet.</summary>
    public static async Task AssertTablesOpenAsync(string data)
    {
        if (TestEnvironment.FindDeltaRead() is not { } deltaRead)
        {
            return;
        }

        string[] tables = ["bronze/sensor-readings", "silver/normal-readings", "gold/anomalies"];
        await Task.WhenAll(tables.Select(t => Path.Combine(data, "lake", t))
            .Where(folder => Directory.Exists(Path.Combine(folder, "_delta_log")) && Directory.EnumerateFiles(Path.Combine(folder, "_delta_log"), "*.json").Any())
            .Select(folder => OutsideProgram.RunAsync(deltaRead, folder)));
    }

    public static Task AssertVerifiesAsync(string data) =>
        OutsideProgram.RunAsync(Path.Combine(AppContext.BaseDirectory, "IotAnalytics.Web"), "lake", "verify", "--data", data);
}
