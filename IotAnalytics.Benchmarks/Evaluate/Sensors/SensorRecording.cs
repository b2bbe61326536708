using System.Globalization;
using System.IO.Compression;
using IotAnalytics.Core.Modeling.Tabular;

namespace IotAnalytics.Benchmarks.Evaluate.Sensors;

/// <summary>Readings of one machine in order of time, with what is known of its faults.</summary>
/// <param name="Name">File or machine.</param>
/// <param name="Measurements">Names, unique.</param>
/// <param name="SmallestScales">A thousandth of each measurement's range; 0 where that is not known.</param>
/// <param name="Training">Rows to learn from, without labels.</param>
/// <param name="Test">Rows that follow them.</param>
/// <param name="Labels">Whether each test row is anomalous.</param>
/// <param name="Segments">Faults of which the guilty measurements are known.</param>
internal sealed record SensorRecording(
    string Name, string[] Measurements, double[] SmallestScales, double[][] Training, double[][] Test, bool[] Labels, IReadOnlyList<FaultSegment> Segments)
{
    private const int SkabTrainingRows = 400;

    /// <summary>The files of <c>skab</c>: eight sensors of a pump, learnt from the first 400 rows of each file.</summary>
    public static IEnumerable<SensorRecording> LoadSkab(string folder)
    {
        foreach (var path in Directory.GetFiles(folder, "*.csv.gz", SearchOption.AllDirectories).Where(p => Path.GetDirectoryName(p) != Path.GetFullPath(folder).TrimEnd('/')).Order(StringComparer.Ordinal))
        {
            var lines = Lines(path).ToArray();
            var header = lines[0].Split(';');
            string[] names = [.. header.Skip(1).Take(header.Length - 3)];
            var cells = lines.Skip(1).Select(l => l.Split(';')).ToArray();
            double[][] rows = [.. cells.Select(c => c.Skip(1).Take(names.Length).Select(Number).ToArray())];
            bool[] labels = [.. cells.Select(c => Number(c[^2]) != 0)];
            yield return new SensorRecording(
                Path.GetRelativePath(folder, path), names, new double[names.Length], rows[..SkabTrainingRows], rows[SkabTrainingRows..], labels[SkabTrainingRows..], []);
        }
    }

    /// <summary>The machines of <c>smd</c> and <c>asd</c>: metrics in [0, 1], a file to learn from and one to test.</summary>
    /// <param name="endInclusive">Whether the last row of a segment is the one that it names (asd) or the one before (smd).</param>
    public static IEnumerable<SensorRecording> LoadMachines(string folder, bool endInclusive)
    {
        const string suffix = "_train.csv.gz";
        foreach (var path in Directory.GetFiles(folder, "*" + suffix).Order(StringComparer.Ordinal))
        {
            var stem = path[..^suffix.Length];
            var training = Rows(path);
            string[] names = [.. Enumerable.Range(1, training[0].Length).Select(i => $"m{i}")];
            bool[] labels = [.. Lines(stem + "_test_label.txt.gz").Select(l => Number(l) != 0)];
            FaultSegment[] segments = [.. Lines(stem + "_interpretation.txt").Where(l => l.Contains(':')).Select(l => FaultSegment.Parse(l, endInclusive))];
            yield return new SensorRecording(
                Path.GetFileName(stem), names, [.. names.Select(_ => 0.001)], training, Rows(stem + "_test.csv.gz"), labels, segments);
        }
    }

    private static double[][] Rows(string path) => [.. Lines(path).Select(l => l.Split(',').Select(Number).ToArray())];

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static IEnumerable<string> Lines(string path)
    {
        if (!File.Exists(path))
        {
            throw new TabularInputException($"{path}: no such file.");
        }

        using var file = File.OpenRead(path);
        using var stream = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0)
            {
                yield return line;
            }
        }
    }
}

/// <summary>A fault and its guilty measurements.</summary>
/// <param name="First">First test row.</param>
/// <param name="End">The row after the last.</param>
/// <param name="Guilty">Measurements from 0.</param>
internal sealed record FaultSegment(int First, int End, int[] Guilty)
{
    /// <param name="line"><c>first-last:1,2,3</c>, measurements from 1.</param>
    public static FaultSegment Parse(string line, bool endInclusive)
    {
        var parts = line.Split(':');
        int[] rows = [.. parts[0].Split('-').Select(p => int.Parse(p, CultureInfo.InvariantCulture))];
        return new FaultSegment(rows[0], rows[1] + (endInclusive ? 1 : 0), [.. parts[1].Split(',').Select(p => int.Parse(p, CultureInfo.InvariantCulture) - 1)]);
    }
}
