using System.Data.Common;
using IotAnalytics.Core.Persistence.PostgreSql;
using IotAnalytics.Core.Persistence.Sqlite;
using Npgsql;

namespace IotAnalytics.Core.Persistence;

/// <summary>Many rows by one statement: SQLite runs a prepared statement for each, PostgreSQL takes them by COPY or as arrays.</summary>
internal abstract class RowWriter : IDisposable
{
    /// <summary>Plain inserts into a table; a row that is there already is an error.</summary>
    public static RowWriter Insert(DbTransaction transaction, string table, params ReadOnlySpan<RowColumn> columns) => transaction is NpgsqlTransaction npgsql
        ? new PostgreSqlCopy(npgsql, table, columns)
        : new SqliteRowWriter(
            transaction, $"INSERT INTO {table} ({string.Join(", ", Names(columns))}) VALUES (@{string.Join(", @", Names(columns))})", columns);

    /// <summary>Any statement that takes rows: <c>{values}</c> stands where an INSERT takes its rows from, <c>{rows}</c> for a table of them in a FROM.
    /// No two rows may have the same target.</summary>
    public static RowWriter Statement(DbTransaction transaction, string sql, params ReadOnlySpan<RowColumn> columns) => transaction is NpgsqlTransaction npgsql
        ? new PostgreSqlRowWriter(npgsql, sql, columns)
        : new SqliteRowWriter(
            transaction,
            sql.Replace("{values}", $"VALUES (@{string.Join(", @", Names(columns))})", StringComparison.Ordinal)
                .Replace("{rows}", $"(SELECT {string.Join(", ", Names(columns).Select(n => $"@{n} AS {n}"))})", StringComparison.Ordinal),
            columns);

    /// <summary>Adds a row: the values in the order of the columns.</summary>
    public abstract void Add(params ReadOnlySpan<object?> values);

    /// <summary>Returns when all rows are written; to be called before the transaction is committed.</summary>
    public abstract void Complete();

    public abstract void Dispose();

    private protected static string[] Names(ReadOnlySpan<RowColumn> columns)
    {
        var names = new string[columns.Length];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = columns[i].Name;
        }

        return names;
    }
}

/// <summary>A column of a <see cref="RowWriter"/>.</summary>
internal readonly record struct RowColumn(string Name, RowType Type);

/// <summary>What PostgreSQL must know of a value; SQLite sees it.</summary>
internal enum RowType
{
    Int32,
    Int64,
    Double,
    Boolean,
    Text,
    Json,
    Bytes,
    /// <summary><see cref="DbTime"/>.</summary>
    Time,
}
