using IotAnalytics.Core.Modeling.Detectors;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Tests.Modeling.Detectors;

public class CombinedDetectorTests
{
    private static readonly float[][] Reference = SampleModels.Uniform(3, 5_000, seed: 21);
    private static readonly CombinedDetector Detector = CombinedDetector.Fit(
        [(new ColumnDetector(), [0]), (new ColumnDetector(), [2])], Reference, 5_000);

    [Fact]
    public void What_only_one_member_sees_is_anomalous_and_it_is_named()
    {
        float[][] rows = [[0, 60, 0, 0], [0, 0, 60, 0], [0, 0, 0, 60]];
        var scores = new double[4];
        var deciding = new byte[4];
        Detector.Score(rows, 4, scores, deciding);

        Assert.True(scores[1] > 0.5 && scores[3] > 0.5, $"{scores[1]} {scores[3]}");
        // The second column belongs to no member.
        Assert.Equal(scores[0], scores[2]);
        Assert.True(scores[0] < 0.2, $"{scores[0]}");
        Assert.Equal(0, deciding[1]);
        Assert.Equal(1, deciding[3]);
    }

    [Fact]
    public void A_score_above_a_half_is_rarer_than_1_in_1000()
    {
        var fresh = SampleModels.Uniform(3, 200_000, seed: 22);
        var flagged = SampleModels.Score(Detector, fresh).Count(s => s > 0.5);

        Assert.InRange(flagged, 60, 500);
    }

    [Fact]
    public void A_member_that_does_not_fit_its_columns_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new CombinedDetector([Detector.Members[0] with { Columns = [0, 1] }], featureCount: 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CombinedDetector([], featureCount: 3));
    }

    [Fact]
    public void Scoring_allocates_nothing()
    {
        var scores = new double[5_000];
        Detector.Score(Reference, 5_000, scores);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Detector.Score(Reference, 5_000, scores);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void The_recommended_forests_find_a_far_row_a_broken_relation_and_a_gap()
    {
        var columns = SampleModels.Uniform(3, 4_000, seed: 23);
        for (var r = 0; r < 4_000; r++)
        {
            // The second follows the first; the third leaves its middle empty.
            columns[1][r] = columns[0][r] + columns[1][r] * 0.02f;
            columns[2][r] += columns[2][r] > 0 ? 30 : -30;
        }

        var members = RecommendedForests.Grow(columns, 4_000, new IsolationForestOptions { Trees = 30, Seed = 1 }, CancellationToken.None);
        var combined = CombinedDetector.Fit(members, columns, 4_000);
        var usual = SampleModels.Score(combined, columns).Order().ToArray();
        float[][] probes = [[300, 40, 10], [300, -40, 10], [50, 50, 0]];
        var scores = SampleModels.Score(combined, probes);

        Assert.All(scores, s => Assert.True(Rarity.Of(s, usual) < 0.02, $"{Rarity.Of(s, usual)}"));
    }

    /// <summary>The value itself as a score between 0 and 1.</summary>
    private sealed class ColumnDetector : IAnomalyDetector
    {
        public string Kind => "Column";
        public int FeatureCount => 1;

        public void Score(float[][] features, int rows, Span<double> scores)
        {
            for (var r = 0; r < rows; r++)
            {
                scores[r] = Math.Clamp(0.5 + features[0][r] / 200, 0, 1);
            }
        }
    }
}
