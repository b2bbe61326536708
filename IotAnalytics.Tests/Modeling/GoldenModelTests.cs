using System.Globalization;
using System.Runtime.CompilerServices;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Detectors;
using IotAnalytics.Core.Modeling.Forests;

namespace IotAnalytics.Tests.Modeling;

/// <summary>Files of earlier formats stay readable and score the same for ever: the bits of the scores, then of the threshold. They are only ever added.</summary>
public class GoldenModelTests
{
    [Theory]
    [InlineData("format-1", IsolationForest.KindName)]
    [InlineData("format-2", CombinedDetector.KindName)]
    public void A_file_scores_what_it_scored_when_it_was_written(string name, string kind)
    {
        var model = ModelFile.Read(File.ReadAllBytes(Golden($"{name}.model")));
        var lines = File.ReadAllLines(Golden($"{name}.scores.txt"));
        var rows = Rows(lines.Length - 1);

        var scores = SampleModels.Score(model.Detector, rows);
        Assert.Equal(lines[..^1], scores.Select(Bits));
        Assert.Equal("plain", model.Name);
        Assert.Equal(kind, model.Card.Kind);
        Assert.Equal(lines[^1], Bits(model.Threshold));
        Assert.Equal(16, model.ReferenceRows.Length);
    }

    /// <summary>Run by hand when a new format is born; never for an old one.</summary>
    [Fact(Explicit = true)]
    public void Write_the_golden_file()
    {
        var model = SampleModels.Combined(3, new IsolationForestOptions { Trees = 5, SampleSize = 16, Seed = 2026 });
        File.WriteAllBytes(Golden("format-2.model"), ModelFile.Write(model));
        File.WriteAllLines(Golden("format-2.scores.txt"), [.. SampleModels.Score(model.Detector, Rows(64)).Append(model.Threshold).Select(Bits)]);
    }

    private static float[][] Rows(int count) => SampleModels.Uniform(3, count, seed: 4711);

    private static string Bits(double value) => BitConverter.DoubleToUInt64Bits(value).ToString("x16", CultureInfo.InvariantCulture);

    private static string Golden(string name, [CallerFilePath] string thisFile = "") => Path.Combine(Path.GetDirectoryName(thisFile)!, "Golden", name);
}
