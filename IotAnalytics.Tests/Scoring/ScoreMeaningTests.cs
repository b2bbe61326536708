using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Tests.Scoring;

public class ScoreMeaningTests
{
    [Theory]
    [InlineData(0.5001, "low")]
    [InlineData(0.5499, "low")]
    [InlineData(0.5501, "medium")]
    [InlineData(0.6001, "high")]
    [InlineData(0.6501, "critical")]
    [InlineData(1, "critical")]
    public void Severity_grows_with_the_distance_from_the_threshold(double score, string severity) =>
        Assert.Equal(severity, Severity.Of(score, 0.5));

    [Fact]
    public void Rarity_counts_reference_scores_at_or_above()
    {
        double[] reference = [0.1, 0.2, 0.2, 0.3];

        Assert.Equal(1 / 5.0, Rarity.Of(0.31, reference));
        Assert.Equal(2 / 5.0, Rarity.Of(0.3, reference));
        Assert.Equal(4 / 5.0, Rarity.Of(0.2, reference));
        Assert.Equal(1, Rarity.Of(0.05, reference));
        Assert.Equal(1, Rarity.Of(0.9, []));
    }
}
