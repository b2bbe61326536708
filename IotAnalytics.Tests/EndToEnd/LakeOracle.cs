using System.Numerics;
using DuckDB.NET.Data;
using Microsoft.Data.Sqlite;

namespace IotAnalytics.Tests.EndToEnd;

/// <summary>Looks at a data directory from outside: the Parquet files that the Delta logs name, through DuckDB, and the database.</summary>
internal sealed class LakeOracle : IDisposable
{
    private readonly DuckDBConnection _duck = new("DataSource=:memory:");
    private readonly SqliteConnection? _database;

    public LakeOracle(string dataDirectory)
    {
        _duck.Open();
        var database = Path.Combine(dataDirectory, "analytics.db");
        if (File.Exists(database))
        {
            _database = new SqliteConnection($"Data Source={database};Mode=ReadOnly;Pooling=False");
            _database.Open();
        }

        var lake = Path.Combine(dataDirectory, "lake");
        View("bronze", Path.Combine(lake, "bronze/sensor-readings"));
        View("silver", Path.Combine(lake, "silver/normal-readings"));
        View("gold", Path.Combine(lake, "gold/anomalies"));
    }

    public T Lake<T>(string sql)
    {
        using var command = _duck.CreateCommand();
        command.CommandText = sql;
        // DuckDB sums integers into a type of 128 bits.
        var value = command.ExecuteScalar()!;
        return (T)Convert.ChangeType(value is BigInteger big ? (long)big : value, typeof(T), System.Globalization.CultureInfo.InvariantCulture);
    }

    public T Database<T>(string sql)
    {
        using var command = _database!.CreateCommand();
        command.CommandText = sql;
        return (T)Convert.ChangeType(command.ExecuteScalar()!, typeof(T), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The rows of any query.</summary>
    public List<object?[]> Query(string sql)
    {
        using var command = _duck.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<object?[]>();
        while (reader.Read())
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
        }

        return rows;
    }

    /// <summary>Offsets of all records in bronze, ascending.</summary>
    public List<long> BronzeOffsets()
    {
        using var command = _duck.CreateCommand();
        command.CommandText = "SELECT record_offset FROM bronze ORDER BY 1";
        using var reader = command.ExecuteReader();
        var offsets = new List<long>();
        while (reader.Read())
        {
            offsets.Add(reader.GetInt64(0));
        }

        return offsets;
    }

    /// <summary>Every row of a table as text, in identity order, without the columns named.</summary>
    public List<string> Rows(string table, string except)
    {
        using var command = _duck.CreateCommand();
        command.CommandText = $"SELECT to_json(t)::VARCHAR FROM (SELECT * EXCLUDE ({except}) FROM {table} ORDER BY record_offset{(table == "bronze" ? "" : ", item")}) t";
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }

    public void Dispose()
    {
        _database?.Dispose();
        _duck.Dispose();
    }

    private void View(string name, string table)
    {
        var live = DeltaLog.LiveFiles(table);
        using var command = _duck.CreateCommand();
        command.CommandText = live.Count == 0
            ? $"CREATE VIEW {name} AS SELECT 0::BIGINT AS record_offset, 0 AS item, 0 AS item_count WHERE false"
            : $"CREATE VIEW {name} AS SELECT * FROM read_parquet([{string.Join(",", live.Select(f => $"'{f}'"))}], hive_partitioning = false, union_by_name = true)";
        command.ExecuteNonQuery();
    }
}
