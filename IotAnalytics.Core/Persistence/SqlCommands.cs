using System.Data.Common;
using Npgsql;
using NpgsqlTypes;

namespace IotAnalytics.Core.Persistence;

/// <summary>Short forms for ADO.NET commands inside a writer's transaction. Values may be <see cref="DbTime"/>.</summary>
internal static class SqlCommands
{
    /// <summary>A command with its parameters declared, in order, for <see cref="Run"/>.</summary>
    public static DbCommand Command(this DbTransaction transaction, string sql, params ReadOnlySpan<string> parameters)
    {
        var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach (var name in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            command.Parameters.Add(parameter);
        }

        return command;
    }

    /// <summary>Sets the parameters in order.</summary>
    public static DbCommand With(this DbCommand command, params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Set(values[i]);
        }

        return command;
    }

    /// <summary>Sets the parameters in order and executes; returns the rows touched.</summary>
    public static int Run(this DbCommand command, params ReadOnlySpan<object?> values) => command.With(values).ExecuteNonQuery();

    /// <summary>One statement with its values.</summary>
    public static int Execute(this DbTransaction transaction, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = transaction.Query(sql, parameters);
        return command.ExecuteNonQuery();
    }

    /// <summary>A command with its values, to be read.</summary>
    public static DbCommand Query(this DbTransaction transaction, string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            command.Add(name, value);
        }

        return command;
    }

    /// <summary>Adds a parameter with its value.</summary>
    public static DbCommand Add(this DbCommand command, string name, object? value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Set(value);
        command.Parameters.Add(parameter);
        return command;
    }

    /// <summary>Whether this is PostgreSQL: for the few statements that it needs otherwise.</summary>
    public static bool IsPostgreSql(this DbTransaction transaction) => transaction is NpgsqlTransaction;

    /// <summary>The end of a SELECT whose rows nobody else may change until the transaction ends. SQLite's transaction is that lock already.</summary>
    public static string ForUpdate(this DbTransaction transaction) => transaction.IsPostgreSql() ? " FOR UPDATE" : "";

    /// <summary>One at a time over all hosts until the transaction ends, by the name of what is done.</summary>
    public static void TakeTurn(this DbTransaction transaction, string name)
    {
        if (transaction.IsPostgreSql())
        {
            transaction.Execute("SELECT pg_advisory_xact_lock(hashtextextended(@name, 0))", ("@name", $"iot-analytics {name}"));
        }
    }

    /// <summary>The time in Unix milliseconds by the clock that all hosts share: the server's, whose clocks need not agree, or the only host's own.</summary>
    public static long Now(this DbTransaction transaction, TimeProvider time)
    {
        if (!transaction.IsPostgreSql())
        {
            return time.GetUtcNow().ToUnixTimeMilliseconds();
        }

        using var ask = transaction.Query("SELECT clock_timestamp()");
        using var row = ask.ExecuteReader();
        row.Read();
        return row.GetUnixMs(0);
    }

    /// <summary>How long this transaction's statements may wait for a row that another one holds.</summary>
    public static void LimitLockWait(this DbTransaction transaction, TimeSpan limit)
    {
        if (transaction.IsPostgreSql())
        {
            transaction.Execute("SELECT set_config('lock_timeout', @limit, true)", ("@limit", $"{(long)limit.TotalMilliseconds}ms"));
        }
    }

    private static void Set(this DbParameter parameter, object? value)
    {
        if (value is not DbTime time)
        {
            parameter.Value = value ?? DBNull.Value;
        }
        else if (parameter is NpgsqlParameter npgsql)
        {
            npgsql.NpgsqlDbType = NpgsqlDbType.TimestampTz;
            npgsql.Value = time.ToUtc();
        }
        else
        {
            parameter.Value = time.UnixMs;
        }
    }
}
