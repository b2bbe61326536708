using System.Globalization;
using System.Text;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>A report as people read it.</summary>
internal static class GateReportText
{
    private const int ShownRows = 5;

    public static string Of(GateReport report)
    {
        var text = new StringBuilder();
        text.AppendLine(Line($"{report.Name} version {report.Version} against champion {report.Champion}{(report.ChampionIsBootstrap ? " (a bootstrap model)" : "")}: {report.VerdictName.ToUpperInvariant()}"));
        foreach (var finding in report.Findings)
        {
            text.AppendLine($"  {(finding.Means == GateVerdict.Refuse ? "refuses" : "asks")}  {finding.Rule}: {finding.Text}");
        }

        if (report.Findings.IsEmpty)
        {
            text.AppendLine($"  gain     {report.Gain()}");
        }

        if (report.Period is { } period)
        {
            text.AppendLine();
            text.AppendLine(Line($"replayed     {period.From:yyyy-MM-dd HH:mm} to {period.To:yyyy-MM-dd HH:mm} UTC, {period.Rows:N0} readings of {period.Sensors} sensors, {period.JudgedRows:N0} of them judged"));
            Figures(text, report);
        }

        return text.ToString();
    }

    private static void Figures(StringBuilder text, GateReport report)
    {
        if (report is { CandidateAlarms: { } candidate, ChampionAlarms: { } champion })
        {
            text.AppendLine(Line($"alarm rate   candidate {Percent(candidate.Overall.Rate)}, champion {Percent(champion.Overall.Rate)}, target {Percent(report.TargetAlarmRate)}"));
            foreach (var (day, other) in candidate.Days.Zip(champion.Days))
            {
                text.AppendLine(Line($"  {day.Day:yyyy-MM-dd} candidate {Percent(day.Alarms.Rate)}, champion {Percent(other.Alarms.Rate)} of {day.Alarms.Rows:N0}"));
            }
        }

        if (report.Season is { } season)
        {
            text.AppendLine(Line($"season       {season.Shifted} of {season.Sensors} sensors have left what the champion knows, {season.ShiftedForCandidate} what the candidate knows{(season.IsSeason ? ": a new season" : "")}"));
        }

        if (report.Recall is { } recall)
        {
            text.AppendLine(Line($"recall       candidate {Percent(recall.Candidate)}, champion {Percent(recall.Champion)} at an alarm rate of {Percent(recall.AlarmRate)}; {recall.Faults:N0} faults at {recall.Places} places"));
            text.AppendLine(Line($"  difference {100 * recall.Difference:+0.0;-0.0;0.0} points, 95 % interval {100 * recall.Low:+0.0;-0.0;0.0} to {100 * recall.High:+0.0;-0.0;0.0}; at the target rate {Percent(recall.CandidateAtTarget)} and {Percent(recall.ChampionAtTarget)}"));
            foreach (var kind in recall.Kinds)
            {
                text.AppendLine(Line($"  {Kind(kind),-14} candidate {Percent(kind.Candidate),8}, champion {Percent(kind.Champion),8}"));
            }

            if (!recall.HasSwap)
            {
                text.AppendLine("  swap           not tried: there is one measurement");
            }
        }

        if (report.Verdicts is { } verdicts)
        {
            text.AppendLine(Line($"verdicts     of {verdicts.Confirmed} confirmed anomalies candidate {verdicts.ConfirmedByCandidate}, champion {verdicts.ConfirmedByChampion}; of {verdicts.Dismissed} dismissed alarms {verdicts.DismissedByCandidate} and {verdicts.DismissedByChampion}"));
        }

        if (report.Overlap is { } overlap)
        {
            text.AppendLine(Line($"overlap      {overlap.Common} of the {overlap.Rows} strangest readings of each, Jaccard {overlap.Jaccard:F2}"));
        }

        foreach (var trial in report.Seeds)
        {
            text.AppendLine(Line($"seed {trial.Seed,-8} {(trial.IsUnseen ? "on readings it has not seen" : "on the same readings")}: alarm rate {Percent(trial.Alarms.Rate)}, recall {Percent(trial.Recall?.Candidate ?? 0)}, champion {Percent(trial.Recall?.Champion ?? 0)}"));
        }

        Changed(text, report);
    }

    private static void Changed(StringBuilder text, GateReport report)
    {
        if (report.Changed is not { } changed)
        {
            return;
        }

        text.AppendLine(Line($"changed      {changed.CandidateOnly:N0} readings are flagged by the candidate alone, {changed.ChampionOnly:N0} by the champion alone, {changed.Both:N0} by both"));
        foreach (var row in changed.Examples.Where(r => r.ByCandidate).Take(ShownRows).Concat(changed.Examples.Where(r => r.ByChampion).Take(ShownRows)))
        {
            text.AppendLine(Line($"  {(row.ByCandidate ? "candidate" : "champion"),-9} {row.SensorId} {row.EventTime:yyyy-MM-dd HH:mm:ss} ({row.Reading}): {row.CandidateScore:F3}, champion {row.ChampionScore:F3}"));
        }
    }

    private static string Kind(KindRecall kind) => Line($"{kind.Kind.ToString().ToLowerInvariant()}{(kind.Size is { } size ? Line($" {size:0} sigma") : "")}");

    private static string Percent(double share) => Line($"{100 * share:0.###} %");

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
