using IotAnalytics.Core.Modeling.Training;

namespace IotAnalytics.Tests.Modeling.Training;

public class RankingMetricsTests
{
    [Fact]
    public void The_documentation_example_of_scikit_learn_is_reproduced()
    {
        double[] scores = [0.1, 0.4, 0.35, 0.8];
        bool[] truth = [false, false, true, true];

        Assert.Equal(0.75, RankingMetrics.RocAuc(scores, truth), 12);
        Assert.Equal(0.8333333333, RankingMetrics.AveragePrecision(scores, truth), 9);
    }

    [Fact]
    public void Equal_scores_say_nothing()
    {
        double[] scores = [0.5, 0.5, 0.5, 0.5];
        bool[] truth = [false, false, false, true];

        Assert.Equal(0.5, RankingMetrics.RocAuc(scores, truth));
        Assert.Equal(0.25, RankingMetrics.AveragePrecision(scores, truth));
    }

    [Fact]
    public void Without_both_kinds_there_is_no_figure() => Assert.True(double.IsNaN(RankingMetrics.RocAuc([0.1, 0.2], [false, false])));
}
