using Npgsql;
using NpgsqlTypes;

namespace IotAnalytics.Core.Persistence.PostgreSql;

/// <summary>Inserts by COPY, in binary. Nothing is sent for no rows.</summary>
internal sealed class PostgreSqlCopy : RowWriter
{
    private readonly NpgsqlTransaction _transaction;
    private readonly string _sql;
    private readonly NpgsqlDbType[] _types;
    private NpgsqlBinaryImporter? _importer;

    public PostgreSqlCopy(NpgsqlTransaction transaction, string table, ReadOnlySpan<RowColumn> columns)
    {
        _transaction = transaction;
        _sql = $"COPY {table} ({string.Join(", ", Names(columns))}) FROM STDIN (FORMAT binary)";
        _types = Array.ConvertAll(columns.ToArray(), c => c.Type switch
        {
            RowType.Int32 => NpgsqlDbType.Integer,
            RowType.Int64 => NpgsqlDbType.Bigint,
            RowType.Double => NpgsqlDbType.Double,
            RowType.Boolean => NpgsqlDbType.Boolean,
            RowType.Time => NpgsqlDbType.TimestampTz,
            RowType.Json => NpgsqlDbType.Jsonb,
            RowType.Bytes => NpgsqlDbType.Bytea,
            _ => NpgsqlDbType.Text,
        });
    }

    public override void Add(params ReadOnlySpan<object?> values)
    {
        _importer ??= _transaction.Connection!.BeginBinaryImport(_sql);
        _importer.StartRow();
        for (var i = 0; i < values.Length; i++)
        {
            switch (values[i])
            {
                case null:
                    _importer.WriteNull();
                    break;
                case DbTime time:
                    _importer.Write(time.ToUtc(), _types[i]);
                    break;
                case int number:
                    _importer.Write(number, _types[i]);
                    break;
                case long number:
                    _importer.Write(number, _types[i]);
                    break;
                case double number:
                    _importer.Write(number, _types[i]);
                    break;
                case var value:
                    _importer.Write(value, _types[i]);
                    break;
            }
        }
    }

    public override void Complete() => _importer?.Complete();

    /// <summary>Without <see cref="Complete"/> the server drops the rows.</summary>
    public override void Dispose() => _importer?.Dispose();
}
