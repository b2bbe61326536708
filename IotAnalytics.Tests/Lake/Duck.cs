using System.Globalization;
using DuckDB.NET.Data;

namespace IotAnalytics.Tests.Lake;

/// <summary>DuckDB, a reader that is not ours.</summary>
internal sealed class Duck : IDisposable
{
    private readonly DuckDBConnection _connection = new("Data Source=:memory:");

    public Duck()
    {
        _connection.Open();
        Execute("SET TimeZone='UTC'");
        Execute("SET threads=1");
    }

    public void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public List<object?[]> Rows(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<object?[]>();
        while (reader.Read())
        {
            var row = new object?[reader.FieldCount];
            for (var i = 0; i < row.Length; i++)
            {
                row[i] = reader.IsDBNull(i) ? null : Materialize(reader.GetValue(i));
            }

            rows.Add(row);
        }

        return rows;
    }

    public long Long(string sql) => Convert.ToInt64(Rows(sql)[0][0], CultureInfo.InvariantCulture);

    /// <summary>Column names to types of a file or glob.</summary>
    public Dictionary<string, string> Types(string path) =>
        Rows($"DESCRIBE SELECT * FROM read_parquet('{path}', hive_partitioning=false)").ToDictionary(r => (string)r[0]!, r => (string)r[1]!);

    /// <summary>
    /// Proves the footer's statistics: for each column, the rows found with a filter that lets the reader skip row groups must be
    /// the rows found by looking at every value.
    /// </summary>
    public void AssertPruningLosesNothing(string path, params string[] columns)
    {
        Execute($"CREATE OR REPLACE TEMP TABLE everything AS SELECT * FROM read_parquet('{path}', hive_partitioning=false)");
        foreach (var column in columns)
        {
            foreach (var bound in Rows($"SELECT DISTINCT q FROM (SELECT unnest([min({column}), max({column}), any_value({column})]) AS q FROM everything) WHERE q IS NOT NULL"))
            {
                var literal = Literal(bound[0]!);
                foreach (var comparison in new[] { "=", "<", "<=", ">", ">=", "<>" })
                {
                    var pruned = Long($"SELECT count(*) FROM read_parquet('{path}', hive_partitioning=false) WHERE {column} {comparison} {literal}");
                    var full = Long($"SELECT count(*) FROM everything WHERE {column} {comparison} {literal}");
                    Assert.True(pruned == full, $"{path}: {column} {comparison} {literal}: {pruned} pruned, {full} in full");
                }
            }

            Assert.Equal(
                Long($"SELECT count(*) FROM everything WHERE {column} IS NULL"),
                Long($"SELECT count(*) FROM read_parquet('{path}', hive_partitioning=false) WHERE {column} IS NULL"));
        }
    }

    public void Dispose() => _connection.Dispose();

    // A BLOB's stream dies with its chunk.
    private static object Materialize(object value)
    {
        if (value is not Stream stream)
        {
            return value;
        }

        using (stream)
        {
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
    }

    private static string Literal(object value) => value switch
    {
        DateTime time => $"TIMESTAMPTZ '{time.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)}+00'",
        DateTimeOffset time => $"TIMESTAMPTZ '{time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)}+00'",
        string text => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'",
        double number => number.ToString("R", CultureInfo.InvariantCulture) + "::DOUBLE",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
