using Parquet;
using Parquet.Schema;

namespace IotAnalytics.Core.Lake.Delta;

/// <summary>
/// The actions of a state as the rows of a checkpoint, in columns of values and levels. Our maps and lists never have more than one
/// entry, so that every column has exactly one slot per row; both directions rely on it.
/// </summary>
internal sealed class CheckpointRows
{
    private readonly Dictionary<string, CheckpointColumn> _columns = new(StringComparer.Ordinal);

    private CheckpointRows()
    {
        foreach (var field in CheckpointSchema.Create().GetDataFields())
        {
            _columns[field.Path.ToString()] = CheckpointColumn.Create(field);
        }
    }

    public int Count { get; private set; }

    public CheckpointColumn Column(string path) => _columns[path];

    public static CheckpointRows Of(DeltaSnapshot snapshot)
    {
        var rows = new CheckpointRows();
        var (reader, writer) = snapshot.Protocol ?? throw new InvalidOperationException("A table without protocol has no checkpoint.");
        var metaData = snapshot.MetaData ?? throw new InvalidOperationException("A table without metaData has no checkpoint.");
        rows.Set("protocol/minReaderVersion", reader);
        rows.Set("protocol/minWriterVersion", writer);
        rows.EndRow();
        rows.Set("metaData/id", metaData.Id);
        rows.Set("metaData/format/provider", "parquet");
        rows.SetEmptyMap("metaData/format/options");
        rows.Set("metaData/schemaString", metaData.SchemaString);
        rows.Set("metaData/partitionColumns/list/element", metaData.PartitionColumn);
        rows.SetEmptyMap("metaData/configuration");
        rows.Set("metaData/createdTime", metaData.CreatedTime);
        rows.EndRow();
        foreach (var transaction in snapshot.Transactions.Values.OrderBy(t => t.AppId, StringComparer.Ordinal))
        {
            rows.Set("txn/appId", transaction.AppId);
            rows.Set("txn/version", transaction.Version);
            rows.Set("txn/lastUpdated", transaction.LastUpdated);
            rows.EndRow();
        }

        foreach (var add in snapshot.Adds.Values.OrderBy(a => a.Path, StringComparer.Ordinal))
        {
            rows.Set("add/path", add.Path);
            rows.SetMap("add/partitionValues", metaData.PartitionColumn, add.PartitionValue);
            rows.Set("add/size", add.Size);
            rows.Set("add/modificationTime", add.ModificationTime);
            // By the Delta protocol, a checkpoint's actions have dataChange = false.
            rows.Set("add/dataChange", false);
            if (add.Stats is not null)
            {
                rows.Set("add/stats", add.Stats);
            }
            else
            {
                rows.Column("add/stats").AppendMissing(1);
            }

            rows.EndRow();
        }

        foreach (var remove in snapshot.Removes.Values.OrderBy(r => r.Path, StringComparer.Ordinal))
        {
            rows.Set("remove/path", remove.Path);
            rows.Set("remove/deletionTimestamp", remove.DeletionTimestamp);
            rows.Set("remove/dataChange", false);
            rows.Set("remove/extendedFileMetadata", true);
            rows.SetMap("remove/partitionValues", metaData.PartitionColumn, remove.PartitionValue);
            rows.Set("remove/size", remove.Size);
            rows.EndRow();
        }

        return rows;
    }

    /// <summary>Adds a row group's actions to a state.</summary>
    public static async Task ReadAsync(ParquetRowGroupReader group, DataField[] fields, DeltaSnapshot snapshot, CancellationToken cancellationToken)
    {
        var rows = checked((int)group.RowCount);
        var columns = new Dictionary<string, object?[]>(StringComparer.Ordinal);
        foreach (var field in fields)
        {
            columns[field.Path.ToString()] = await CheckpointColumn.ReadAsync(group, field, rows, cancellationToken).ConfigureAwait(false);
        }

        for (var row = 0; row < rows; row++)
        {
            T? Value<T>(string path) => (T?)columns[path][row];
            if (Value<string>("txn/appId") is { } appId)
            {
                snapshot.Transactions[appId] = new DeltaTransaction(appId, Value<long>("txn/version"), Value<long>("txn/lastUpdated"));
            }
            else if (Value<string>("add/path") is { } added)
            {
                snapshot.Adds[added] = new DeltaAdd(
                    added, Value<string>("add/partitionValues/key_value/value")!, Value<long>("add/size"), Value<long>("add/modificationTime"),
                    Value<bool>("add/dataChange"), Value<string>("add/stats"));
            }
            else if (Value<string>("remove/path") is { } removed)
            {
                snapshot.Removes[removed] = new DeltaRemove(
                    removed, Value<string>("remove/partitionValues/key_value/value")!, Value<long>("remove/size"), Value<long>("remove/deletionTimestamp"),
                    Value<bool>("remove/dataChange"));
            }
            else if (Value<string>("metaData/id") is { } id)
            {
                snapshot.MetaData = new DeltaMetaData(
                    id, Value<string>("metaData/schemaString")!, Value<string>("metaData/partitionColumns/list/element")!, Value<long>("metaData/createdTime"));
            }
            else if (columns["protocol/minReaderVersion"][row] is int reader)
            {
                snapshot.Protocol = (reader, Value<int>("protocol/minWriterVersion"));
            }
        }
    }

    private void Set(string path, object value) => _columns[path].Append(value);

    private void SetMap(string path, string key, string value)
    {
        Set($"{path}/key_value/key", key);
        Set($"{path}/key_value/value", value);
    }

    // The level at which the map is there and has no entry: below the key's own, which is required within the entry.
    private void SetEmptyMap(string path)
    {
        var level = _columns[$"{path}/key_value/key"].MaxLevel - 1;
        _columns[$"{path}/key_value/key"].AppendMissing(level);
        _columns[$"{path}/key_value/value"].AppendMissing(level);
    }

    private void EndRow()
    {
        Count++;
        foreach (var column in _columns.Values)
        {
            if (column.Count < Count)
            {
                column.AppendMissing(0);
            }
        }
    }
}
