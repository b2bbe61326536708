using System.Globalization;
using DuckDB.NET.Data;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Delta;

namespace IotAnalytics.Benchmarks.Production;

/// <summary>The live files of the three tables, copied from the store to a folder, as views <c>bronze</c>, <c>silver</c> and <c>gold</c> of DuckDB.</summary>
internal sealed class LakeCopy : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-lake-copy-").FullName;
    private readonly DuckDBConnection _duck = new("DataSource=:memory:");

    private LakeCopy() => _duck.Open();

    public int Files { get; private set; }

    public long Bytes { get; private set; }

    public static async Task<LakeCopy> ReadAsync(ILakeStore store, LakeOptions options, CancellationToken cancellationToken)
    {
        var copy = new LakeCopy();
        foreach (var table in new LakeTables(options).InPublicationOrder)
        {
            await copy.AddAsync(store, table, cancellationToken);
        }

        return copy;
    }

    public long Count(string sql)
    {
        using var command = _duck.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar()!.ToString(), CultureInfo.InvariantCulture);
    }

    /// <summary>A row as text, column by column; for what differs.</summary>
    public IEnumerable<string> Rows(string sql)
    {
        using var command = _duck.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return string.Join('\t', Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture)));
        }
    }

    public void Dispose()
    {
        _duck.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task AddAsync(ILakeStore store, LakeTable table, CancellationToken cancellationToken)
    {
        var snapshot = await new DeltaLog(store).LoadAsync(table, cancellationToken);
        var paths = new List<string>();
        foreach (var add in snapshot.Adds.Values)
        {
            var path = Path.Combine(_folder, $"{table.Name}-{paths.Count}.parquet");
            await using (var from = await store.OpenReadAsync($"{table.Root}/{add.Path}", cancellationToken))
            await using (var to = File.Create(path))
            {
                await from.CopyToAsync(to, 1 << 20, cancellationToken);
                Bytes += from.Length;
            }

            paths.Add(path);
        }

        Files += paths.Count;
        using var view = _duck.CreateCommand();
        view.CommandText = paths.Count == 0
            ? $"CREATE VIEW {table.Name} AS SELECT '' AS sensor_id, 0 AS source_id, 0 AS \"partition\", 0 AS record_offset, 0 AS item, 0 AS item_count, now() AS event_time WHERE false"
            : $"CREATE VIEW {table.Name} AS SELECT * FROM read_parquet([{string.Join(',', paths.Select(p => $"'{p}'"))}], union_by_name = true, hive_partitioning = false)";
        view.ExecuteNonQuery();
    }
}
