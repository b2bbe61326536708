using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace IotAnalytics.Core.Persistence.PostgreSql;

/// <summary>Gathers rows as one array for each column and sends them with one statement.</summary>
internal sealed class PostgreSqlRowWriter : RowWriter
{
    private readonly NpgsqlTransaction _transaction;
    private readonly string _sql;
    private readonly RowColumn[] _columns;
    private readonly RowArray[] _arrays;
    private int _count;

    public PostgreSqlRowWriter(NpgsqlTransaction transaction, string sql, ReadOnlySpan<RowColumn> columns)
    {
        (_transaction, _columns) = (transaction, columns.ToArray());
        _arrays = Array.ConvertAll(_columns, c => RowArray.Of(c.Type));
        var rows = $"unnest({string.Join(", ", _columns.Select(c => $"@{c.Name}"))})";
        _sql = sql.Replace("{values}", $"SELECT * FROM {rows}", StringComparison.Ordinal)
            .Replace("{rows}", $"(SELECT * FROM {rows} AS u ({string.Join(", ", _columns.Select(c => c.Name))}))", StringComparison.Ordinal);
    }

    public override void Add(params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            _arrays[i].Add(values[i]);
        }

        _count++;
    }

    public override void Complete()
    {
        if (_count == 0)
        {
            return;
        }

        using var command = new NpgsqlCommand(_sql, _transaction.Connection, _transaction);
        for (var i = 0; i < _columns.Length; i++)
        {
            command.Parameters.Add(_arrays[i].Parameter(_columns[i].Name));
        }

        command.ExecuteNonQuery();
        _count = 0;
    }

    public override void Dispose()
    {
    }
}

/// <summary>The values of one column, in the type that PostgreSQL takes.</summary>
internal abstract class RowArray
{
    public static RowArray Of(RowType type) => type switch
    {
        RowType.Int32 => new Values<int>(NpgsqlDbType.Integer, v => Convert.ToInt32(v, CultureInfo.InvariantCulture)),
        RowType.Int64 => new Values<long>(NpgsqlDbType.Bigint, v => Convert.ToInt64(v, CultureInfo.InvariantCulture)),
        RowType.Double => new Values<double>(NpgsqlDbType.Double, v => Convert.ToDouble(v, CultureInfo.InvariantCulture)),
        RowType.Boolean => new Values<bool>(NpgsqlDbType.Boolean, v => (bool)v),
        RowType.Time => new Values<DateTime>(NpgsqlDbType.TimestampTz, v => ((DbTime)v).ToUtc()),
        RowType.Text => new Objects<string>(NpgsqlDbType.Text),
        RowType.Json => new Objects<string>(NpgsqlDbType.Jsonb),
        RowType.Bytes => new Objects<byte[]>(NpgsqlDbType.Bytea),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    public abstract void Add(object? value);

    public abstract NpgsqlParameter Parameter(string name);

    private sealed class Values<T>(NpgsqlDbType type, Func<object, T> convert) : RowArray
        where T : struct
    {
        private readonly List<T?> _values = [];

        public override void Add(object? value) => _values.Add(value is null ? null : convert(value));

        public override NpgsqlParameter Parameter(string name) => new(name, NpgsqlDbType.Array | type) { Value = _values };
    }

    private sealed class Objects<T>(NpgsqlDbType type) : RowArray
        where T : class
    {
        private readonly List<T?> _values = [];

        public override void Add(object? value) => _values.Add((T?)value);

        public override NpgsqlParameter Parameter(string name) => new(name, NpgsqlDbType.Array | type) { Value = _values };
    }
}
