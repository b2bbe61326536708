namespace IotAnalytics.Benchmarks.Evaluate;

/// <summary>Figures over seeds.</summary>
internal sealed record TabularScore(double[] RocAucs, double[] AveragePrecisions)
{
    public double RocAuc => RocAucs.Average();
    public double AveragePrecision => AveragePrecisions.Average();

    public double RocAucError => TwoStandardErrors(RocAucs);
    public double AveragePrecisionError => TwoStandardErrors(AveragePrecisions);

    private static double TwoStandardErrors(double[] values)
    {
        var mean = values.Average();
        return values.Length < 2 ? 0 : 2 * Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1) / values.Length);
    }
}
