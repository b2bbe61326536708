namespace IotAnalytics.Core.Modeling.SelfChecks;

/// <summary>How many of a profile's readings a champion flagged, by hour of record time, oldest first.</summary>
/// <param name="Target">The share that its threshold was made for; null when that is not known.</param>
/// <param name="IsTargetOfHealthy">Whether that share was chosen for healthy readings. The bootstrap model's is the share of its synthetic faults instead: fewer alarms are as it should be.</param>
/// <param name="Hours">Full hours, without those that had no reading.</param>
/// <param name="Recent">All of them and the begun hour.</param>
internal sealed record AlarmRate(double? Target, bool IsTargetOfHealthy, IReadOnlyList<AlarmCount> Hours, AlarmCount Recent)
{
    /// <summary>Full hours with readings that a judgement needs.</summary>
    public const int MinHours = 6;

    /// <summary>Extreme is more than this many times the target, or less than the target by it.</summary>
    private const double Factor = 2;

    /// <summary>Chance that a rate at the bound is called extreme, at most.</summary>
    private const double FalseAlarms = 1e-4;

    /// <summary>Of the full hours.</summary>
    public AlarmCount Total => new(Hours.Sum(h => h.Scored), Hours.Sum(h => h.Flagged));

    /// <summary>
    /// <see cref="ModelCheck.AlarmRateHigh"/>, <see cref="ModelCheck.AlarmRateLow"/> or null. Two things must agree, so that neither chance nor one bad hour is taken for a bad
    /// model: the total is beyond the bound by more than chance gives (Chernoff's bound on the binomial tail), and more than half of the hours are beyond it too.
    /// </summary>
    public string? Extreme
    {
        get
        {
            if (Target is not { } target || Hours.Count < MinHours)
            {
                return null;
            }

            return IsBeyond(target * Factor, above: true) ? ModelCheck.AlarmRateHigh
                : IsTargetOfHealthy && IsBeyond(target / Factor, above: false) ? ModelCheck.AlarmRateLow
                : null;
        }
    }

    private bool IsBeyond(double bound, bool above)
    {
        var total = Total;
        // A bound of 1 and more cannot be passed.
        return bound < 1 && IsBeyondBy(total) && total.Scored * Divergence(total.Rate, bound) > -Math.Log(FalseAlarms) && 2 * Hours.Count(IsBeyondBy) > Hours.Count;

        bool IsBeyondBy(AlarmCount count) => above ? count.Rate > bound : count.Rate < bound;
    }

    /// <summary>Kullback-Leibler divergence of one coin from another, nats.</summary>
    private static double Divergence(double share, double of) => Part(share, of) + Part(1 - share, 1 - of);

    private static double Part(double share, double of) => share == 0 ? 0 : share * Math.Log(share / of);
}

/// <summary>Readings that were scored and those of them that were flagged.</summary>
internal readonly record struct AlarmCount(long Scored, long Flagged)
{
    public double Rate => Scored == 0 ? 0 : (double)Flagged / Scored;
}
