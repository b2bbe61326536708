using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Interop;
using IotAnalytics.Core.Modeling.Interop.Onnx;
using IotAnalytics.Core.Scoring;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace IotAnalytics.Tests.Modeling.Interop;

public class OnnxExportTests
{
    private const double Tolerance = 1e-5;

    [Theory]
    [InlineData(1, 100, 256, null)]
    [InlineData(3, 100, 256, null)]
    [InlineData(40, 20, 300, null)]
    [InlineData(2, 500, 100, 1_000)]
    public void ONNX_Runtime_scores_what_we_score(int columns, int trees, int sampleSize, int? depth)
    {
        var model = SampleModels.Plain(columns, new IsolationForestOptions { Trees = trees, SampleSize = sampleSize, MaxDepth = depth, Seed = 3 });
        var rows = HardRows(model, 2_000);
        var (scores, flags) = Run(OnnxExport.Write(model), rows);

        // NaN is imputed, as when a reading is scored.
        var row = new float[columns];
        float[][] imputed = [.. rows.Select(c => (float[])c.Clone())];
        for (var r = 0; r < scores.Length; r++)
        {
            for (var c = 0; c < columns; c++)
            {
                row[c] = rows[c][r];
            }

            model.Impute(row);
            for (var c = 0; c < columns; c++)
            {
                imputed[c][r] = row[c];
            }
        }

        var expected = SampleModels.Score(model.Detector, imputed);
        for (var r = 0; r < scores.Length; r++)
        {
            Assert.Equal(expected[r], scores[r], Tolerance);
            if (Math.Abs(expected[r] - model.Threshold) > Tolerance)
            {
                Assert.Equal(expected[r] > model.Threshold, flags[r]);
            }
        }
    }

    [Fact]
    public void A_detector_that_is_no_forest_is_refused()
    {
        var model = SampleModels.Plain(2, new IsolationForestOptions { Trees = 2, SampleSize = 8 }) with { Detector = new Constant() };

        Assert.Contains("'Constant' cannot be exported", Assert.Throws<InteropException>(() => OnnxExport.Write(model)).Message, StringComparison.Ordinal);
    }

    private static (float[] Scores, bool[] Flags) Run(byte[] onnx, float[][] columns)
    {
        var rows = columns[0].Length;
        var input = new DenseTensor<float>([rows, columns.Length]);
        for (var r = 0; r < rows; r++)
        {
            for (var c = 0; c < columns.Length; c++)
            {
                input[r, c] = columns[c][r];
            }
        }

        using var session = new InferenceSession(onnx);
        using var results = session.Run([NamedOnnxValue.CreateFromTensor("features", input)]);
        return (
            [.. results.Single(r => r.Name == "score").AsEnumerable<float>()],
            [.. results.Single(r => r.Name == "is_anomaly").AsEnumerable<bool>()]);
    }

    /// <summary>Random values, thresholds and their neighbours, infinities and NaN.</summary>
    private static float[][] HardRows(ModelSnapshot model, int rows)
    {
        var forest = (IsolationForest)model.Detector;
        var random = new Xoshiro256(seed: 1, stream: 1);
        return
        [
            .. Enumerable.Range(0, forest.FeatureCount).Select(c =>
            {
                float[] thresholds = [.. forest.Nodes.Where(n => n.Feature == c).Select(n => n.Threshold), 1f];
                return Enumerable.Range(0, rows).Select(_ => random.NextBelow(12) switch
                {
                    0 => float.NaN,
                    1 => float.PositiveInfinity,
                    2 => float.NegativeInfinity,
                    3 => float.BitIncrement(thresholds[random.NextBelow(thresholds.Length)]),
                    < 7 => thresholds[random.NextBelow(thresholds.Length)],
                    _ => (float)(random.NextUniform() * 140 - 70),
                }).ToArray();
            }),
        ];
    }

    private sealed class Constant : IAnomalyDetector
    {
        public string Kind => "Constant";

        public int FeatureCount => 2;

        public void Score(float[][] features, int rows, Span<double> scores) => scores[..rows].Fill(0.5);
    }
}
