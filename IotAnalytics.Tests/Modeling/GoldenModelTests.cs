using System.Globalization;
using System.Runtime.CompilerServices;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Forests;

namespace IotAnalytics.Tests.Modeling;

/// <summary>Files of earlier formats stay readable and score the same for ever: the bits of the scores, then of the threshold. They are only ever added.</summary>
public class GoldenModelTests
{
    [Fact]
    public void The_file_of_format_1_scores_what_it_scored_then()
    {
        var model = ModelFile.Read(File.ReadAllBytes(Golden("format-1.model")));
        var lines = File.ReadAllLines(Golden("format-1.scores.txt"));
        var rows = Rows(lines.Length - 1);

        var scores = SampleModels.Score(model.Detector, rows);
        Assert.Equal(lines[..^1], scores.Select(Bits));
        Assert.Equal("plain", model.Name);
        Assert.Equal(lines[^1], Bits(model.Threshold));
        Assert.Equal(16, model.ReferenceRows.Length);
    }

    /// <summary>Run by hand when a new format is born; never for an old one.</summary>
    [Fact(Explicit = true)]
    public void Write_the_golden_file()
    {
        var model = SampleModels.Plain(3, new IsolationForestOptions { Trees = 5, SampleSize = 16, Seed = 2026 });
        File.WriteAllBytes(Golden("format-1.model"), ModelFile.Write(model));
        File.WriteAllLines(Golden("format-1.scores.txt"), [.. SampleModels.Score(model.Detector, Rows(64)).Append(model.Threshold).Select(Bits)]);
    }

    private static float[][] Rows(int count) => SampleModels.Uniform(3, count, seed: 4711);

    private static string Bits(double value) => BitConverter.DoubleToUInt64Bits(value).ToString("x16", CultureInfo.InvariantCulture);

    private static string Golden(string name, [CallerFilePath] string thisFile = "") => Path.Combine(Path.GetDirectoryName(thisFile)!, "Golden", name);
}
