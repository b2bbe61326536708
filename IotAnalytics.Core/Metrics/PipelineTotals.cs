namespace IotAnalytics.Core.Metrics;

/// <summary>Counts of items. readings = normal + anomalies + dead letters + duplicates.</summary>
public readonly record struct PipelineTotals(long Readings, long Normal, long Anomalies, long DeadLetters, long Duplicates, long NotScored, long Late)
{
    public static PipelineTotals operator +(PipelineTotals a, PipelineTotals b) => new(
        a.Readings + b.Readings, a.Normal + b.Normal, a.Anomalies + b.Anomalies, a.DeadLetters + b.DeadLetters,
        a.Duplicates + b.Duplicates, a.NotScored + b.NotScored, a.Late + b.Late);
}
