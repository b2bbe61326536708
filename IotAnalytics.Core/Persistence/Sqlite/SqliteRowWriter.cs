using System.Data.Common;

namespace IotAnalytics.Core.Persistence.Sqlite;

/// <summary>One prepared statement, run for each row as it comes.</summary>
internal sealed class SqliteRowWriter(DbTransaction transaction, string sql, ReadOnlySpan<RowColumn> columns) : RowWriter
{
    private readonly DbCommand _command = transaction.Command(sql, Array.ConvertAll(Names(columns), n => $"@{n}"));

    public override void Add(params ReadOnlySpan<object?> values) => _command.Run(values);

    public override void Complete()
    {
    }

    public override void Dispose() => _command.Dispose();
}
