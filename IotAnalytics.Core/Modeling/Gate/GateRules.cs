using System.Collections.Immutable;
using System.Globalization;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>
/// From figures to a verdict. One finding that refuses is enough to refuse, else one that asks is enough to ask. Promotion by itself needs a measurable
/// gain: more recall at the same alarm rate, or a new season that the candidate knows and the champion does not.
/// </summary>
internal static class GateRules
{
    /// <summary>Smallest overlap of the strangest rows that a machine decides on.</summary>
    public const double MinJaccard = 0.5;

    /// <summary>Against a bootstrap champion: the least recall of all injected faults. Blind guessing finds as much as the alarm rate that recall is taken at, by default 0.03.</summary>
    public const double RecallFloor = 0.1;

    public static GateReport Decide(GateReport report)
    {
        GateFinding[] found = [.. Soundness(report), .. AlarmRate(report), .. Recall(report), .. Verdicts(report), .. Overlap(report), .. Seeds(report)];
        ImmutableArray<GateFinding> all = [.. found, .. found.Any(f => f.Means != GateVerdict.Promote) ? [] : Gain(report)];
        return report with { Findings = all, Verdict = all.IsEmpty ? GateVerdict.Promote : all.Max(f => f.Means) };
    }

    /// <summary>The report of a candidate that could not be tried.</summary>
    public static GateReport Unfit(GateReport report, string reason) =>
        report with { Findings = [new GateFinding("fit", GateVerdict.Refuse, reason)], Verdict = GateVerdict.Refuse };

    /// <summary>
    /// Whether a model with another seed speaks against the candidate. It is judged on readings that it has not seen, so its alarm rate moves with the plant:
    /// fewer alarms are a calm stretch, only surely too many count.
    /// </summary>
    public static bool IsRefused(AlarmRate alarms, double target, RecallComparison? recall, bool championIsBootstrap) =>
        alarms.Low > 2 * target || (recall is not null && (championIsBootstrap ? recall.Candidate < RecallFloor : recall.IsWorse));

    private static IEnumerable<GateFinding> Soundness(GateReport report) =>
        report.Contradictions.Select(text => new GateFinding("soundness", GateVerdict.Refuse, text));

    private static IEnumerable<GateFinding> AlarmRate(GateReport report)
    {
        var alarms = report.CandidateAlarms!;
        var overall = alarms.Overall;
        if (!overall.IsWithin)
        {
            yield return new GateFinding("alarm_rate", GateVerdict.Refuse, Text(
                $"it flags {Percent(overall.Rate)} of the readings ({overall.Alarms:N0} of {overall.Rows:N0}), {overall.Rate / report.TargetAlarmRate:F1} times the target of {Percent(report.TargetAlarmRate)}; half to double is accepted"));
            yield break;
        }

        foreach (var day in alarms.DaysOutside)
        {
            // A day on which the champion is off in the same way is an unusual day, whatever the model.
            var champion = report.ChampionAlarms!.Days.FirstOrDefault(d => d.Day == day.Day)?.Alarms;
            var both = champion is { IsWithin: false } && champion.Rate > report.TargetAlarmRate == day.Alarms.Rate > report.TargetAlarmRate;
            yield return new GateFinding("alarm_rate", both ? GateVerdict.Ask : GateVerdict.Refuse, Text(
                $"on {day.Day:yyyy-MM-dd} it flags {Percent(day.Alarms.Rate)} of the readings ({day.Alarms.Alarms:N0} of {day.Alarms.Rows:N0}), {day.Alarms.Rate / report.TargetAlarmRate:F1} times the target{(both ? Text($"; the champion is off that day too, {champion!.Rate / report.TargetAlarmRate:F1} times") : "")}"));
        }
    }

    private static IEnumerable<GateFinding> Recall(GateReport report)
    {
        if (report.Recall is not { } recall)
        {
            yield return new GateFinding("recall", GateVerdict.Ask, "recall could not be compared: no sensor has enough readings to put faults into");
        }
        else if (report.ChampionIsBootstrap)
        {
            if (recall.Candidate < RecallFloor)
            {
                yield return new GateFinding("recall", GateVerdict.Refuse, Text(
                    $"it finds {Percent(recall.Candidate)} of the readings of injected faults at an alarm rate of {Percent(recall.AlarmRate)}; {Percent(RecallFloor)} is the least"));
            }
        }
        else if (recall.IsWorse)
        {
            yield return new GateFinding("recall", GateVerdict.Refuse, Text(
                $"it finds less: {Percent(recall.Candidate)} of the readings of injected faults, the champion {Percent(recall.Champion)}, both at an alarm rate of {Percent(recall.AlarmRate)}; {Interval(recall)}"));
        }
        else if (recall.IsUnclear)
        {
            yield return new GateFinding("recall", GateVerdict.Ask, Text($"the period is too short to say that it does not find less: {Interval(recall)}"));
        }
    }

    private static IEnumerable<GateFinding> Verdicts(GateReport report)
    {
        if (report.ChampionIsBootstrap || report.Verdicts is not { } verdicts)
        {
            yield break;
        }

        if (verdicts.Lost.Length > 0)
        {
            yield return new GateFinding("verdicts", GateVerdict.Refuse, Text(
                $"it misses {verdicts.Lost.Length} of {verdicts.ConfirmedByChampion} confirmed anomalies that the champion flags, for example {verdicts.Lost[0]}"));
        }

        if (verdicts.DismissedByCandidate > verdicts.DismissedByChampion)
        {
            yield return new GateFinding("verdicts", GateVerdict.Refuse, Text(
                $"it flags {verdicts.DismissedByCandidate} of {verdicts.Dismissed} readings whose alarm was dismissed, the champion {verdicts.DismissedByChampion}"));
        }
    }

    /// <summary>In a new season the champion's strangest rows are the season's, so the two cannot agree and the overlap says nothing.</summary>
    private static IEnumerable<GateFinding> Overlap(GateReport report)
    {
        if (!report.ChampionIsBootstrap && report.Season is not { IsSeason: true } && report.Overlap is { Jaccard: < MinJaccard } overlap)
        {
            yield return new GateFinding("overlap", GateVerdict.Ask, Text(
                $"it judges by other things than the champion: of the {overlap.Rows} strangest readings of each, {overlap.Common} are the same (overlap {overlap.Jaccard:F2}; from {MinJaccard:F1} on no one is asked)"));
        }
    }

    private static IEnumerable<GateFinding> Seeds(GateReport report)
    {
        if (report.Seeds.IsEmpty)
        {
            yield return new GateFinding("seeds", GateVerdict.Ask, "it could not be grown again with other seeds, so its figures may be luck");
        }

        foreach (var trial in report.Seeds.Where(s => s.IsRefused))
        {
            yield return new GateFinding("seeds", GateVerdict.Ask, Text(
                $"the seeds do not agree: grown with seed {trial.Seed} {(trial.IsUnseen ? "without" : "and judged on")} the readings from {trial.From:yyyy-MM-dd HH:mm} to {trial.To:yyyy-MM-dd HH:mm}{(trial.IsUnseen ? " and judged on them" : "")}, it flags {Percent(trial.Alarms.Rate)} and finds {Percent(trial.Recall?.Candidate ?? 0)} of the faults, the champion {Percent(trial.Recall?.Champion ?? 0)}"));
        }
    }

    private static IEnumerable<GateFinding> Gain(GateReport report)
    {
        if (report.ChampionIsBootstrap || report.Season is { IsSeason: true })
        {
            yield break;
        }

        if (!report.Recall!.IsBetter)
        {
            yield return new GateFinding("gain", GateVerdict.Ask, Text($"a tie: no gain can be measured, {Interval(report.Recall)}"));
        }
        else if (report.Seeds.Count(s => !s.IsBetter) is var others and > 0)
        {
            yield return new GateFinding("gain", GateVerdict.Ask, Text(
                $"a tie: it finds more, {Interval(report.Recall)}, but {others} of {report.Seeds.Length} models with other seeds do not, on readings that they have not seen"));
        }
    }

    private static string Interval(RecallComparison recall) =>
        Text($"difference {Points(recall.Difference)}, 95 % interval {Points(recall.Low)} to {Points(recall.High)}");

    private static string Percent(double share) => Text($"{100 * share:0.###} %");

    private static string Points(double? difference) => Text($"{100 * difference:+0.0;-0.0;0.0} points");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
