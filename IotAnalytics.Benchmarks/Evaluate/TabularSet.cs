using System.Globalization;
using IotAnalytics.Core.Modeling.Tabular;
using IotAnalytics.Core.Modeling.Training;

namespace IotAnalytics.Benchmarks.Evaluate;

/// <summary>A labelled table in memory.</summary>
internal sealed record TabularSet(string Name, string Path, FeatureTable Rows, bool[] Labels)
{
    public const string LabelColumn = "label";
    private const string Ending = ".csv.gz";

    /// <summary>The files of a folder that end in .csv.gz, by name.</summary>
    public static IEnumerable<string> Find(string folder) => Directory.EnumerateFiles(folder, $"*{Ending}").Order(StringComparer.Ordinal);

    public static string NameOf(string path) => System.IO.Path.GetFileName(path)[..^Ending.Length];

    /// <exception cref="TabularInputException">Not a table of numbers with a column <c>label</c>.</exception>
    public static TabularSet Load(string path)
    {
        using var csv = NumericCsv.Open(path);
        var label = csv.Find([LabelColumn])[0];
        int[] columns = [.. Enumerable.Range(0, csv.Names.Length).Where(c => c != label)];
        var values = columns.Select(_ => new List<float>()).ToArray();
        var labels = new List<bool>();
        while (csv.Read())
        {
            for (var c = 0; c < columns.Length; c++)
            {
                values[c].Add(csv.Number(columns[c]));
            }

            labels.Add(float.Parse(csv.Cell(label), CultureInfo.InvariantCulture) == 1);
        }

        var table = new FeatureTable(columns.Length, labels.Count);
        for (var c = 0; c < columns.Length; c++)
        {
            values[c].CopyTo(table.Columns[c]);
        }

        return new TabularSet(NameOf(path), path, table, [.. labels]);
    }
}
