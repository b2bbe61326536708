namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>How many of some rows a model flags, beside what it was to flag.</summary>
/// <param name="Low">Lower end of the exact 99 % interval of the rate.</param>
/// <param name="High">Its upper end.</param>
/// <param name="IsWithin">Within half and double the target: the rate itself where at least 30 independent alarms are expected; else the interval must reach into that band.</param>
internal sealed record AlarmRate(long Alarms, long Rows, double Rate, double Low, double High, bool IsWithin)
{
    private const double ExpectedForRate = 30;
    private const double Confidence = 0.99;

    /// <param name="rows">At least one.</param>
    /// <param name="together">Alarms that come as one event, on average; 1: each is independent of the others.</param>
    public static AlarmRate Of(long alarms, long rows, double target, double together)
    {
        var rate = (double)alarms / rows;
        var independentRows = Math.Max(1, (long)Math.Round(rows / together));
        var (low, high) = BinomialInterval.Of(Math.Min(independentRows, (long)Math.Round(alarms / together)), independentRows, Confidence);
        var within = independentRows * target >= ExpectedForRate ? rate >= target / 2 && rate <= target * 2 : high >= target / 2 && low <= target * 2;
        return new AlarmRate(alarms, rows, rate, low, high, within);
    }
}
