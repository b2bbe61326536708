using IotAnalytics.Core.Modeling.Registry;

namespace IotAnalytics.Core.Modeling.Shadows;

/// <summary>Champion and shadow on the same readings.</summary>
/// <param name="Share">Share of the sensors that the shadow decides now; 0 also when it is the shadow no longer.</param>
/// <param name="Readings">Scored by both.</param>
/// <param name="Verdicts">On anomalies that either decided.</param>
internal sealed record ShadowReport(string Champion, string Shadow, double Share, PairedReadings Readings, PairedVerdicts Verdicts);

/// <summary>What both said of the readings.</summary>
internal readonly record struct PairedReadings(long Both, long ChampionOnly, long ShadowOnly, long Neither, long ChampionNanoseconds, long ShadowNanoseconds)
{
    public long Count => Both + ChampionOnly + ShadowOnly + Neither;

    /// <summary>Share of the readings of which both say the same; null without readings.</summary>
    public double? Agreement => Rate(Both + Neither);
    public double? ChampionAlarmRate => Rate(Both + ChampionOnly);
    public double? ShadowAlarmRate => Rate(Both + ShadowOnly);
    public double? ChampionNanosecondsEach => Rate(ChampionNanoseconds);
    public double? ShadowNanosecondsEach => Rate(ShadowNanoseconds);

    /// <summary>Whether one raises more alarms than the other.</summary>
    public double PValue => SignTest.PValue(ChampionOnly, ShadowOnly);

    private double? Rate(long count) => Count == 0 ? null : (double)count / Count;
}

/// <summary>Judged anomalies by who decided and what the other model said.</summary>
/// <param name="ChampionBoth">Decided by the champion, and above the shadow's threshold too.</param>
/// <param name="ChampionAlone">Decided by the champion, not above the shadow's threshold.</param>
/// <param name="ShadowBoth">Decided by the shadow of an A/B split, and above the champion's threshold too.</param>
/// <param name="ShadowAlone">Decided by the shadow of an A/B split, not above the champion's threshold.</param>
internal readonly record struct PairedVerdicts(VerdictPrecision ChampionBoth, VerdictPrecision ChampionAlone, VerdictPrecision ShadowBoth, VerdictPrecision ShadowAlone)
{
    /// <summary>Of all judged alarms that the champion raised.</summary>
    public VerdictPrecision Champion => Sum(ChampionBoth, ChampionAlone, ShadowBoth);

    /// <summary>Of all judged alarms that the shadow raised, as far as they are stored: outside of a split those that the champion raised too.</summary>
    public VerdictPrecision Shadow => Sum(ChampionBoth, ShadowBoth, ShadowAlone);

    /// <summary>Of the champion's sensors.</summary>
    public VerdictPrecision ChampionArm => Sum(ChampionBoth, ChampionAlone);

    /// <summary>Of the shadow's sensors.</summary>
    public VerdictPrecision ShadowArm => Sum(ShadowBoth, ShadowAlone);

    /// <summary>Judged alarms of one model alone that show the champion right: its own that was confirmed, the shadow's that was dismissed.</summary>
    public long ChampionRight => ChampionAlone.Confirmed + ShadowAlone.Dismissed;
    public long ShadowRight => ChampionAlone.Dismissed + ShadowAlone.Confirmed;

    /// <summary>Whether one is right more often where they differ.</summary>
    public double PValue => SignTest.PValue(ChampionRight, ShadowRight);

    private static VerdictPrecision Sum(params ReadOnlySpan<VerdictPrecision> parts)
    {
        var sum = default(VerdictPrecision);
        foreach (var part in parts)
        {
            sum = new VerdictPrecision(sum.Confirmed + part.Confirmed, sum.Dismissed + part.Dismissed);
        }

        return sum;
    }
}
