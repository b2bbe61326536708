using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Detectors;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings.Features;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Tests.Modeling.Detectors;

public class ChartTests
{
    private const int Sensors = 4;

    [Fact]
    public void A_mewma_chart_finds_a_small_lasting_shift_that_a_forest_of_raw_values_does_not_see()
    {
        // Less than a standard deviation more, in one of four measurements, for 200 readings.
        var rows = Healthy(6_000, seed: 1);
        for (var r = 5_800; r < rows.Length; r++)
        {
            rows[r][2] += 0.8;
        }

        var residuals = Residuals();
        var table = FeatureTable.Of(rows, residuals);
        var skip = table.FirstCompleteRow();
        var mewma = MewmaTrainer.Fit(table.Slice(skip, 5_000 - skip), Sensors);
        var raw = FeatureTable.Of(rows, FeatureSet.OfColumns(Names, [.. Names.Select(n => new Core.Readings.FeatureDefinition(n, n))]));
        var forest = IsolationForestTrainer.Train(raw.Slice(0, 5_000).Columns, 5_000, new IsolationForestOptions { Seed = 1 }, CancellationToken.None);

        Assert.True(Auc(table, mewma) > 0.85, $"{Auc(table, mewma)}");
        Assert.True(Auc(raw, forest) < 0.65, $"{Auc(raw, forest)}");

        static double Auc(FeatureTable all, IAnomalyDetector detector)
        {
            var scores = all.Slice(5_000, 1_000).Score(detector);
            return RankingMetrics.RocAuc(scores, [.. scores.Select((_, r) => r >= 820)]);
        }
    }

    [Fact]
    public void A_mewma_chart_is_quiet_on_healthy_readings_and_blames_the_measurement_that_jumped()
    {
        var rows = Healthy(6_000, seed: 2);
        for (var r = 5_990; r < rows.Length; r++)
        {
            rows[r][3] -= 6;
        }

        var table = FeatureTable.Of(rows, Residuals());
        var skip = table.FirstCompleteRow();
        var mewma = MewmaTrainer.Fit(table.Slice(skip, 4_000 - skip), Sensors);
        var scores = table.Slice(4_000, 2_000).Score(mewma);

        Assert.Equal(0, scores[..1_990].Count(s => s > 0.5));
        Assert.True(scores[^1] > 0.5);
        var parts = new double[table.Columns.Length];
        mewma.Contributions([.. table.Columns.Select(c => c[^10])], parts);
        Assert.Equal(Sensors + 3, Array.IndexOf(parts, parts.Max()));
    }

    [Fact]
    public void Principal_components_find_a_broken_relation_whose_values_are_all_usual()
    {
        var table = SampleModels.Table(Related(2_000, seed: 3));
        var pca = PcaTrainer.Fit(table);
        // The second column is twice the first; here it is minus twice, well within the range of both.
        float[][] broken = [[1], [-2], [0.1f]];
        float[][] usual = [[1], [2], [0.1f]];

        Assert.True(SampleModels.Score(pca, broken)[0] > 0.9);
        Assert.True(SampleModels.Score(pca, usual)[0] < 0.5);
        var parts = new double[3];
        pca.Contributions([1, -2, 0.1f], parts);
        Assert.Equal(2, Array.IndexOf(parts, parts.Min()));
    }

    [Fact]
    public void Principal_components_flag_about_one_in_a_hundred_rows_that_they_have_learnt_from()
    {
        var table = SampleModels.Table(Related(5_000, seed: 4));

        Assert.InRange(table.Score(PcaTrainer.Fit(table)).Count(s => s > 0.5), 50, 100);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_row_has_the_same_score_in_any_batch(bool isMewma)
    {
        var table = SampleModels.Table(Related(300, seed: 5));
        IAnomalyDetector detector = isMewma ? MewmaTrainer.Fit(table, telling: 0) : PcaTrainer.Fit(table);
        var all = table.Score(detector);

        for (var r = 0; r < table.Rows; r += 7)
        {
            Assert.Equal(all[r], table.Slice(r, 1).Score(detector)[0]);
        }
    }

    [Fact]
    public void What_cannot_be_learnt_from_is_refused()
    {
        Assert.Throws<TrainingException>(() => MewmaTrainer.Fit(SampleModels.Table([[1]]), telling: 0));
        Assert.Throws<TrainingException>(() => PcaTrainer.Fit(SampleModels.Table([[1]])));
        Assert.Throws<TrainingException>(() => PcaTrainer.Fit(SampleModels.Table([[1, 1, 1], [2, 2, 2]])));
    }

    private static string[] Names { get; } = [.. Enumerable.Range(0, Sensors).Select(i => $"m{i}")];

    private static FeatureSet Residuals() => FeatureSet.OfColumns(Names, ResidualFeatures.Of(Names, new double[Sensors]));

    /// <summary>Normal noise around levels of their own, in units of their own standard deviation.</summary>
    private static double[][] Healthy(int rows, long seed)
    {
        var random = new Xoshiro256(seed, 0);
        var all = new double[rows][];
        for (var r = 0; r < rows; r++)
        {
            all[r] = new double[Sensors];
            for (var m = 0; m < Sensors; m++)
            {
                all[r][m] = 100 * m + Gaussian(ref random);
            }
        }

        return all;
    }

    private static float[][] Related(int rows, long seed)
    {
        var random = new Xoshiro256(seed, 0);
        float[][] columns = [new float[rows], new float[rows], new float[rows]];
        for (var r = 0; r < rows; r++)
        {
            var cause = Gaussian(ref random);
            columns[0][r] = (float)cause;
            columns[1][r] = (float)(2 * cause + 0.1 * Gaussian(ref random));
            columns[2][r] = (float)Gaussian(ref random);
        }

        return columns;
    }

    private static double Gaussian(ref Xoshiro256 random) => Math.Sqrt(-2 * Math.Log(1 - random.NextUniform())) * Math.Cos(2 * Math.PI * random.NextUniform());
}
