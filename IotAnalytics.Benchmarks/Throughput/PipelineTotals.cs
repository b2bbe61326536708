using System.Text.Json;

namespace IotAnalytics.Benchmarks.Throughput;

/// <summary>What <c>GET /pipeline</c> says has reached the database.</summary>
internal readonly record struct PipelineTotals(long Readings, long Normal, long Anomalies, long DeadLetters, long Duplicates)
{
    public static async Task<PipelineTotals> GetAsync(HttpClient client, CancellationToken cancellationToken)
    {
        await using var answer = await client.GetStreamAsync(new Uri("/api/v1/pipeline", UriKind.Relative), cancellationToken);
        using var json = await JsonDocument.ParseAsync(answer, cancellationToken: cancellationToken);
        var totals = json.RootElement.GetProperty("totals");
        return new PipelineTotals(Get("readings"), Get("normal"), Get("anomalies"), Get("dead_letters"), Get("duplicates"));

        long Get(string name) => totals.GetProperty(name).GetInt64();
    }
}
