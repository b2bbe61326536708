using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>
/// What two models find of the same injected faults, both with thresholds moved to flag the same share of the judged rows. That share is thirty times the
/// target, because at the target itself most models find next to nothing and luck decides (docs/gate.md has figures): the order in which a model puts
/// readings shows where there is something to count. What each finds at the target is reported beside it.
/// </summary>
/// <param name="AlarmRate">The share.</param>
/// <param name="Difference">Candidate less champion; mean over the places, each the mean over its faults.</param>
/// <param name="Low">Lower end of the paired bootstrap's 95 % interval of the difference, by place.</param>
/// <param name="High">Its upper end.</param>
/// <param name="CandidateAtTarget">Recall with the thresholds at the target rate.</param>
/// <param name="ChampionAtTarget">The same of the champion.</param>
/// <param name="HasSwap">False with one measurement: there is nothing to exchange.</param>
internal sealed record RecallComparison(
    double AlarmRate, double CandidateThreshold, double ChampionThreshold, int Places, int Faults, double Candidate, double Champion,
    double Difference, double Low, double High, double CandidateAtTarget, double ChampionAtTarget, bool HasSwap, ImmutableArray<KindRecall> Kinds)
{
    /// <summary>A loss that is put up with: two points.</summary>
    public const double Margin = 0.02;

    private const double Confidence = 0.95;
    private const int FewestAlarms = 10;
    private const double TimesTarget = 30;
    private const double LargestRate = 0.1;

    [JsonIgnore]
    public bool IsBetter => Low > 0;

    /// <summary>Worse for sure, and perhaps by more than the margin.</summary>
    [JsonIgnore]
    public bool IsWorse => Difference < -Margin || (High < 0 && Low < -Margin);

    /// <summary>Neither worse for sure nor surely within the margin.</summary>
    [JsonIgnore]
    public bool IsUnclear => !IsWorse && Low < -Margin;

    /// <summary>Null when no sensor has a series that faults can be put into.</summary>
    public static RecallComparison? Of(ReplayedPeriod period, InjectedFaults faults, GateModel candidate, GateModel champion, double target, long seed, TimeBlock block)
    {
        double[] Judged(GateModel model) => [.. model.Scores.Where((s, r) => period.IsJudged[r] && !double.IsNaN(s) && block.Holds(period.EventMs[r])).Order()];
        var (ofCandidate, ofChampion) = (Judged(candidate), Judged(champion));
        int[] injected = [.. Enumerable.Range(0, faults.Faults.Count).Where(i => block.Holds(faults.Faults[i].EventMs))];
        if (injected.Length == 0 || Math.Min(ofCandidate.Length, ofChampion.Length) <= FewestAlarms)
        {
            return null;
        }

        var rate = Math.Max(Math.Min(TimesTarget * target, Math.Max(LargestRate, target)), (double)FewestAlarms / ofCandidate.Length);
        var (candidateAt, championAt) = (At(ofCandidate, rate), At(ofChampion, rate));
        var first = faults.Recalls(candidate.FaultScores, candidateAt);
        var second = faults.Recalls(champion.FaultScores, championAt);
        var pairs = injected.Select(i => (Fault: faults.Faults[i], Candidate: first[i], Champion: second[i])).ToArray();
        var byPlace = pairs.GroupBy(f => f.Fault.Place)
            .Select(g => (Candidate: g.Average(f => f.Candidate), Champion: g.Average(f => f.Champion))).ToArray();
        double[] differences = [.. byPlace.Select(p => p.Candidate - p.Champion)];
        var (low, high) = PairedBootstrap.Interval(differences, Confidence, seed);
        double AtTarget(GateModel model, double[] judged)
        {
            var recalls = faults.Recalls(model.FaultScores, At(judged, target));
            return injected.Average(i => recalls[i]);
        }

        var kinds = pairs.GroupBy(f => (f.Fault.Kind, f.Fault.Size))
            .OrderBy(g => g.Key.Kind).ThenBy(g => g.Key.Size)
            .Select(g => new KindRecall(g.Key.Kind, g.Key.Size, g.Average(f => f.Candidate), g.Average(f => f.Champion))).ToImmutableArray();
        return new RecallComparison(
            rate, candidateAt, championAt, byPlace.Length, pairs.Length, byPlace.Average(p => p.Candidate), byPlace.Average(p => p.Champion),
            differences.Average(), low, high,
            AtTarget(candidate, ofCandidate), AtTarget(champion, ofChampion),
            kinds.Any(k => k.Kind == InjectedFaultKind.Swap), kinds);
    }

    /// <summary>The threshold that flags the share, halfway between the last row above and the first below.</summary>
    private static double At(double[] ascending, double rate)
    {
        var above = Math.Max(1, (int)(rate * ascending.Length));
        return (ascending[^above] + ascending[^(above + 1)]) / 2;
    }
}

/// <summary>Recall of one kind of fault at one size.</summary>
/// <param name="Size">In robust standard deviations; null for a swap.</param>
internal sealed record KindRecall(InjectedFaultKind Kind, double? Size, double Candidate, double Champion);
