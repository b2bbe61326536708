using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>Takes every figure of a candidate and a champion on a replayed period. Pure: the same arguments give the same report.</summary>
internal static class GateMeasurement
{
    /// <param name="report">Who is compared, with the target.</param>
    /// <param name="trials">Models of the candidate's readings less a part, with other seeds.</param>
    /// <param name="isConfirmed">What a person said of a row; null: nothing.</param>
    /// <param name="seed">Of faults and bootstrap.</param>
    public static GateReport Measure(
        GateReport report, ReplayedPeriod period, ModelSnapshot candidate, ModelSnapshot champion, IReadOnlyList<GateTrial> trials, Func<ReadingIdentity, bool?> isConfirmed, long seed)
    {
        var target = report.TargetAlarmRate;
        var faults = InjectedFaults.Into(period, seed);
        var (first, second) = (GateModel.Of(candidate, period, faults), GateModel.Of(champion, period, faults));
        var (alarms, championAlarms) = (Alarms(period, first, target), Alarms(period, second, target));
        return report with
        {
            Contradictions = CandidateSoundness.Contradictions(candidate, period),
            CandidateAlarms = alarms,
            ChampionAlarms = championAlarms,
            Season = SeasonEvidence.Of(period, candidate, champion),
            Recall = RecallComparison.Of(period, faults, first, second, target, seed, TimeBlock.All),
            Verdicts = VerdictComparison.Of(period, first, second, isConfirmed),
            Overlap = TopOverlap.Of(period, first.Scores, second.Scores),
            Seeds = [.. trials.Select(trial => Try(report, period, faults, trial, second, seed))],
            Changed = ChangedRows.Of(period, first, second),
        };
    }

    private static SeedTrial Try(GateReport report, ReplayedPeriod period, InjectedFaults faults, GateTrial trial, GateModel champion, long seed)
    {
        var target = report.TargetAlarmRate;
        var model = GateModel.Of(trial.Model, period, faults);
        var alarms = AlarmRates.Of(period, model.Scores, trial.Model.Threshold, target, trial.JudgedOn).ByEvents;
        var recall = RecallComparison.Of(period, faults, model, champion, target, seed, trial.JudgedOn);
        return new SeedTrial(
            trial.Model.Card.Seed, Time(trial.JudgedOn.FromMs), Time(trial.JudgedOn.ToMs), trial.IsUnseen, alarms, recall, GateRules.IsRefused(alarms, target, recall, report.ChampionIsBootstrap));
    }

    private static AlarmRates Alarms(ReplayedPeriod period, GateModel model, double target) =>
        AlarmRates.Of(period, model.Scores, model.Model.Threshold, target, TimeBlock.All);

    private static DateTime Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime;
}

/// <param name="JudgedOn">A part of the period, or all of it.</param>
/// <param name="IsUnseen">Whether the model has not learned from it.</param>
internal sealed record GateTrial(ModelSnapshot Model, TimeBlock JudgedOn, bool IsUnseen);
