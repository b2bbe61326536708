using IotAnalytics.Core.Modeling.Gate;

namespace IotAnalytics.Tests.Modeling.Gate;

public class GateRulesTests
{
    private static readonly AlarmRate Good = AlarmRate.Of(100, 100_000, 0.001, together: 1);
    private static readonly DateOnly Day = new(2026, 3, 2);

    private static GateReport Sound(RecallComparison recall) => new()
    {
        Name = "climate",
        Version = "3",
        Champion = "2",
        ChampionIsBootstrap = false,
        CreatedAt = GatePlant.Begin,
        TargetAlarmRate = 0.001,
        CandidateAlarms = new AlarmRates(Good, 100, Good, [new DayAlarmRate(Day, Good)]),
        ChampionAlarms = new AlarmRates(Good, 100, Good, [new DayAlarmRate(Day, Good)]),
        Season = new SeasonEvidence(20, 0, 0, IsSeason: false),
        Recall = recall,
        Verdicts = new VerdictComparison(0, 0, 0, [], 0, 0, 0),
        Overlap = new TopOverlap(100, 80, 0.67),
        Seeds = [Trial(recall), Trial(recall)],
    };

    private static SeedTrial Trial(RecallComparison recall) => new(4, GatePlant.Begin, GatePlant.Begin.AddDays(1), true, Good, recall, IsRefused: false);

    private static RecallComparison Recall(double difference, double low, double high) =>
        new(0.03, 0.6, 0.6, 400, 4_000, 0.6 + difference, 0.6, difference, low, high, 0.1, 0.1, HasSwap: true, []);

    private static readonly GateReport Better = Sound(Recall(0.05, 0.03, 0.07));

    [Fact]
    public void A_measurable_gain_with_all_seeds_is_promoted() => Assert.Equal((GateVerdict.Promote, 0), Judge(Better));

    [Fact]
    public void A_tie_goes_to_a_person()
    {
        var report = GateRules.Decide(Sound(Recall(0.001, -0.01, 0.012)));

        Assert.Equal(GateVerdict.Ask, report.Verdict);
        Assert.Contains("a tie", Assert.Single(report.Findings).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gain_that_other_seeds_do_not_have_goes_to_a_person()
    {
        var report = GateRules.Decide(Better with { Seeds = [Trial(Recall(0.05, 0.03, 0.07)), Trial(Recall(0.001, -0.01, 0.012))] });

        Assert.Equal(GateVerdict.Ask, report.Verdict);
        Assert.Contains("1 of 2 models with other seeds", Assert.Single(report.Findings).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-0.03, -0.04, -0.02, "Refuse")]
    [InlineData(-0.015, -0.025, -0.005, "Refuse")]
    [InlineData(-0.01, -0.03, 0.01, "Ask")]
    [InlineData(-0.01, -0.015, -0.005, "Ask")]
    public void Less_recall_is_refused_where_it_is_sure_and_asked_about_where_it_is_not(double difference, double low, double high, string verdict) =>
        Assert.Equal(verdict, GateRules.Decide(Sound(Recall(difference, low, high))).Verdict.ToString());

    [Fact]
    public void A_single_day_far_above_the_target_refuses_unless_the_champion_is_off_too()
    {
        var loud = new DayAlarmRate(Day, AlarmRate.Of(400, 100_000, 0.001, together: 1));
        var report = Better with { CandidateAlarms = Better.CandidateAlarms! with { Days = [loud] } };

        Assert.Equal((GateVerdict.Refuse, 1), Judge(report));
        Assert.Equal((GateVerdict.Ask, 1), Judge(report with { ChampionAlarms = Better.ChampionAlarms! with { Days = [loud] } }));
    }

    [Fact]
    public void Candidates_that_no_seed_could_be_tried_of_go_to_a_person() => Assert.Equal((GateVerdict.Ask, 1), Judge(Better with { Seeds = [] }));

    [Fact]
    public void More_dismissed_alarms_refuse() =>
        Assert.Equal((GateVerdict.Refuse, 1), Judge(Better with { Verdicts = new VerdictComparison(0, 0, 0, [], 20, 10, 11) }));

    [Fact]
    public void Another_judgement_of_the_strangest_rows_goes_to_a_person_but_in_a_new_season()
    {
        var other = Better with { Overlap = new TopOverlap(100, 20, 0.11) };

        Assert.Equal((GateVerdict.Ask, 1), Judge(other));
        Assert.Equal((GateVerdict.Promote, 0), Judge(other with { Season = new SeasonEvidence(20, 15, 0, IsSeason: true) }));
    }

    [Theory]
    [InlineData(30, 30_000, 1, true)]
    [InlineData(14, 30_000, 1, false)]
    [InlineData(61, 30_000, 1, false)]
    // Ten are expected: the exact interval of 0 of 10,000 reaches 0.00053.
    [InlineData(0, 10_000, 1, true)]
    [InlineData(0, 11_000, 1, false)]
    // Four hundred alarms of one event are one event.
    [InlineData(400, 100_000, 400, true)]
    public void An_alarm_rate_is_held_to_half_and_double_the_target_or_to_its_exact_interval(long alarms, long rows, double together, bool isWithin) =>
        Assert.Equal(isWithin, AlarmRate.Of(alarms, rows, 0.001, together).IsWithin);

    /// <summary>Against closed forms and R's <c>binom.test</c>.</summary>
    [Theory]
    [InlineData(0, 10, 0.99, 0, 0.41130)]
    [InlineData(10, 10, 0.99, 0.58870, 1)]
    [InlineData(5, 100, 0.95, 0.01643, 0.11283)]
    [InlineData(50, 100, 0.99, 0.36886, 0.63114)]
    public void The_exact_interval_of_a_share(long count, long of, double confidence, double low, double high)
    {
        var interval = BinomialInterval.Of(count, of, confidence);

        Assert.Equal(low, interval.Low, 4);
        Assert.Equal(high, interval.High, 4);
    }

    private static (GateVerdict, int) Judge(GateReport report)
    {
        var decided = GateRules.Decide(report);
        return (decided.Verdict, decided.Findings.Length);
    }
}
