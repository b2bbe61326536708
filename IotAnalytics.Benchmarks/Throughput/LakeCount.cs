using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using DuckDB.NET.Data;

namespace IotAnalytics.Benchmarks.Throughput;

/// <summary>Rows of the three tables, counted by DuckDB over the files that the Delta logs name.</summary>
/// <param name="BronzeRecords">Records.</param>
/// <param name="BronzeItems">Items of the records: readings as sent.</param>
/// <param name="Bytes">Size of all files.</param>
internal readonly record struct LakeCount(long BronzeRecords, long BronzeItems, long Silver, long Gold, int Files, long Bytes)
{
    /// <param name="dataDirectory">A data directory with the default folders of the lake.</param>
    public static LakeCount Read(string dataDirectory)
    {
        var bronze = LiveFiles(Path.Combine(dataDirectory, "lake", "bronze", "sensor-readings"));
        var silver = LiveFiles(Path.Combine(dataDirectory, "lake", "silver", "normal-readings"));
        var gold = LiveFiles(Path.Combine(dataDirectory, "lake", "gold", "anomalies"));
        using var duckDb = new DuckDBConnection("DataSource=:memory:");
        duckDb.Open();
        string[] all = [.. bronze, .. silver, .. gold];
        return new LakeCount(
            Scalar(duckDb, "count(*)", bronze),
            Scalar(duckDb, "coalesce(sum(item_count), 0)", bronze),
            Scalar(duckDb, "count(*)", silver),
            Scalar(duckDb, "count(*)", gold),
            all.Length,
            all.Sum(f => new FileInfo(f).Length));
    }

    private static List<string> LiveFiles(string table)
    {
        var live = new HashSet<string>(StringComparer.Ordinal);
        var log = Path.Combine(table, "_delta_log");
        foreach (var commit in Directory.Exists(log) ? Directory.GetFiles(log, "*.json").Order(StringComparer.Ordinal).ToArray() : [])
        {
            foreach (var line in File.ReadLines(commit))
            {
                using var action = JsonDocument.Parse(line);
                if (action.RootElement.TryGetProperty("add", out var add))
                {
                    live.Add(add.GetProperty("path").GetString()!);
                }
                else if (action.RootElement.TryGetProperty("remove", out var remove))
                {
                    live.Remove(remove.GetProperty("path").GetString()!);
                }
            }
        }

        return [.. live.Select(path => Path.Combine(table, path))];
    }

    private static long Scalar(DbConnection duckDb, string expression, List<string> files)
    {
        if (files.Count == 0)
        {
            return 0;
        }

        using var command = duckDb.CreateCommand();
        command.CommandText = $"SELECT {expression} FROM read_parquet([{string.Join(',', files.Select(f => $"'{f.Replace("'", "''", StringComparison.Ordinal)}'"))}])";
        return Convert.ToInt64(command.ExecuteScalar()!.ToString(), CultureInfo.InvariantCulture);
    }
}
