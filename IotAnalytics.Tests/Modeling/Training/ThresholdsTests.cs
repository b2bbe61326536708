using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Training;

namespace IotAnalytics.Tests.Modeling.Training;

public class ThresholdsTests
{
    [Fact]
    public void A_contamination_cuts_midway_between_two_training_scores()
    {
        double[] scores = [0.7, 0.1, 0.2, 0.5, 0.3, 0.4, 0.15, 0.25, 0.35, 0.9];

        Assert.Equal(0.6, Thresholds.ByContamination(scores, 0.2), 12);
        Assert.Equal(0.9, Thresholds.ByContamination(scores, 0.01));
    }

    [Fact]
    public void An_alarm_rate_leaves_that_share_of_the_reference_above()
    {
        double[] reference = [.. Enumerable.Range(0, 10_000).Select(i => i / 10_000.0)];
        var threshold = Thresholds.ByAlarmRate(reference, 0.001);

        Assert.Equal(10, reference.Count(s => s > threshold));
    }

    [Fact]
    public void Too_few_reference_rows_are_refused_with_the_number_that_is_needed()
    {
        var error = Assert.Throws<TrainingException>(() => Thresholds.ByAlarmRate(new double[9_999], 0.001));

        Assert.Contains("at least 10000 reference rows", error.Message, StringComparison.Ordinal);
        Assert.Contains("9999", error.Message, StringComparison.Ordinal);
    }
}
