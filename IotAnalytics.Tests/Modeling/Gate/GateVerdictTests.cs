using IotAnalytics.Core.Modeling.Gate;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Tests.Modeling.Gate;

/// <summary>Real forests of a made-up plant: what the gate says of good and of sabotaged candidates.</summary>
public class GateVerdictTests
{
    private const int Sensors = 8;
    private const int Rows = 2_000;

    private static readonly Lazy<ReplayedPeriod> Now = new(() => GatePlant.Healthy(Sensors, Rows, seed: 2));
    private static readonly Lazy<ModelSnapshot> Champion = new(() => GatePlant.Train(GatePlant.Healthy(Sensors, Rows, seed: 1), "2", seed: 1));
    private static readonly Lazy<ModelSnapshot> Candidate = new(() => GatePlant.Train(Now.Value, "3", seed: 2));
    private static readonly Lazy<GateTrial[]> Trials = new(() => GatePlant.Trials(Now.Value));

    [Fact]
    public void A_candidate_that_knows_the_new_season_is_promoted()
    {
        var season = GatePlant.Period(Sensors, Rows, seed: 3, sensor => sensor < 6 ? 6 : 0);
        var report = GatePlant.Judge(season, GatePlant.Train(season, "3", seed: 2), Champion.Value, GatePlant.Trials(season));

        Assert.Empty(report.Findings);
        Assert.Equal(GateVerdict.Promote, report.Verdict);
        Assert.Equal(new SeasonEvidence(Sensors, 6, 0, IsSeason: true), report.Season);
        Assert.True(report.Overlap!.Jaccard < GateRules.MinJaccard);
        Assert.True(report.Recall!.Candidate > report.Recall.Champion + 0.3, $"{report.Recall.Candidate} {report.Recall.Champion}");
    }

    [Fact]
    public void One_sensor_that_went_elsewhere_is_no_season_and_a_person_is_asked()
    {
        var fault = GatePlant.Period(Sensors, Rows, seed: 3, sensor => sensor == 0 ? 6 : 0);
        var report = GatePlant.Judge(fault, GatePlant.Train(fault, "3", seed: 2), Champion.Value, GatePlant.Trials(fault));

        Assert.False(report.Season!.IsSeason);
        Assert.NotEqual(GateVerdict.Promote, report.Verdict);
        Assert.Contains(report.Findings, f => f.Rule == "overlap" && f.Means == GateVerdict.Ask);
    }

    [Fact]
    public void A_candidate_with_shuffled_features_is_refused_and_the_features_are_named()
    {
        var shuffled = GatePlant.Train(Now.Value, "3", seed: 2, columns => [columns[1], columns[0], columns[2]]);
        var report = GatePlant.Judge(Now.Value, shuffled, Champion.Value, Trials.Value);

        Assert.Equal(GateVerdict.Refuse, report.Verdict);
        var finding = Assert.Single(report.Findings, f => f.Rule == "soundness");
        Assert.Contains("features were shuffled", finding.Text, StringComparison.Ordinal);
        Assert.Contains("temperature", finding.Text, StringComparison.Ordinal);
        Assert.Contains("humidity", finding.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_candidate_whose_columns_do_not_belong_together_is_refused()
    {
        // Each column keeps its values, but rows are put together of values that never met.
        var torn = GatePlant.Train(Now.Value, "3", seed: 2, columns => [.. columns.Select((c, i) => c.Skip(i * 500).Concat(c.Take(i * 500)).ToArray())]);
        var report = GatePlant.Judge(Now.Value, torn, Champion.Value, Trials.Value);

        Assert.Equal(GateVerdict.Refuse, report.Verdict);
        Assert.Contains(report.Findings, f => f.Means == GateVerdict.Refuse && f.Rule is "alarm_rate" or "recall");
    }

    [Theory]
    [InlineData(1.08)]
    [InlineData(0.9)]
    public void A_moved_threshold_is_refused_and_named(double factor)
    {
        var candidate = Candidate.Value;
        var report = GatePlant.Judge(Now.Value, candidate with { Threshold = candidate.Threshold * factor }, Champion.Value, Trials.Value);

        Assert.Equal(GateVerdict.Refuse, report.Verdict);
        Assert.Contains("threshold was moved", Assert.Single(report.Findings, f => f.Rule == "soundness").Text, StringComparison.Ordinal);
        Assert.Contains("times the target", Assert.Single(report.Findings, f => f.Rule == "alarm_rate").Text, StringComparison.Ordinal);
        // The comparison of recalls is at equal alarm rate: where the threshold is does not matter.
        Assert.Equal(GatePlant.Judge(Now.Value, candidate, Champion.Value, []).Recall!.Difference, report.Recall!.Difference);
    }

    [Fact]
    public void A_confirmed_anomaly_that_would_be_lost_refuses_and_is_named()
    {
        var candidate = Candidate.Value;
        var scores = Now.Value.Score(Champion.Value);
        var (lost, ordinary) = (Array.IndexOf(scores, scores.Max()), Array.IndexOf(scores, scores.Min()));
        var blind = candidate with { Threshold = 0.99 };
        var champion = Champion.Value with { Threshold = scores.Max() - 1e-9 };
        var report = GatePlant.Judge(Now.Value, blind, champion, Trials.Value, row => row == Now.Value.Rows[lost] ? true : row == Now.Value.Rows[ordinary] ? false : null);

        Assert.Contains(Now.Value.Rows[lost].ToString(), Assert.Single(report.Findings, f => f.Rule == "verdicts").Text, StringComparison.Ordinal);
        Assert.Equal((1, 1, 0, 1), (report.Verdicts!.Confirmed, report.Verdicts.ConfirmedByChampion, report.Verdicts.ConfirmedByCandidate, report.Verdicts.Dismissed));
        var changed = Assert.Single(report.Changed!.Examples, e => e.Reading == Now.Value.Rows[lost].ToString());
        Assert.True(changed is { ByChampion: true, ByCandidate: false });
    }

    [Fact]
    public void Against_a_bootstrap_champion_a_candidate_needs_its_alarm_rate_and_the_floor_only()
    {
        var report = GatePlant.Judge(Now.Value, Candidate.Value, GatePlant.Bootstrap(), Trials.Value);

        Assert.Equal((GateVerdict.Promote, true), (report.Verdict, report.ChampionIsBootstrap));
        Assert.True(report.Recall!.Candidate > GateRules.RecallFloor);
    }

    [Fact]
    public void The_same_readings_and_seed_give_the_same_report()
    {
        var first = GatePlant.Judge(Now.Value, Candidate.Value, Champion.Value, []).ToJson();
        var second = GatePlant.Judge(Now.Value, Candidate.Value, Champion.Value, []).ToJson();

        Assert.Equal(first, second);
        Assert.Equal(first, GateReport.FromJson(first).ToJson());
    }
}
