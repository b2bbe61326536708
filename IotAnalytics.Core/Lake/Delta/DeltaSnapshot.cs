using System.Text.Json;

namespace IotAnalytics.Core.Lake.Delta;

/// <summary>The state of a table at a version: what the log adds up to.</summary>
internal sealed class DeltaSnapshot
{
    /// <summary>-1: there is no table yet.</summary>
    public long Version { get; set; } = -1;

    public (int Reader, int Writer)? Protocol { get; set; }

    public DeltaMetaData? MetaData { get; set; }

    /// <summary>Live files by path.</summary>
    public Dictionary<string, DeltaAdd> Adds { get; } = new(StringComparer.Ordinal);

    /// <summary>Files that were live once, by path.</summary>
    public Dictionary<string, DeltaRemove> Removes { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, DeltaTransaction> Transactions { get; } = new(StringComparer.Ordinal);

    /// <summary>Measurement columns in the order of the schema: every column that is not one of the fixed ones.</summary>
    public IReadOnlyList<string> Measurements
    {
        get
        {
            if (MetaData is null)
            {
                return [];
            }

            using var schema = JsonDocument.Parse(MetaData.SchemaString);
            return
            [
                .. schema.RootElement.GetProperty("fields").EnumerateArray().Select(f => f.GetProperty("name").GetString()!)
                    .Where(name => !Files.LakeSchema.ReservedNames.Contains(name) && !Files.LakeSchema.Bronze.Columns.Any(c => c.Name == name)),
            ];
        }
    }

    /// <summary>Applies a commit, which must be the next.</summary>
    /// <exception cref="InvalidDataException">The body is not one.</exception>
    public void Apply(long version, string body)
    {
        foreach (var line in body.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                using var document = JsonDocument.Parse(line);
                foreach (var action in document.RootElement.EnumerateObject())
                {
                    Apply(action.Name, action.Value);
                }
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw new InvalidDataException($"Version {version} of the Delta log has a line that is not an action: {e.Message}", e);
            }
        }

        Version = version;
    }

    public void Apply(DeltaAdd add)
    {
        Removes.Remove(add.Path);
        Adds[add.Path] = add;
    }

    public void Apply(DeltaRemove remove)
    {
        Adds.Remove(remove.Path);
        Removes[remove.Path] = remove;
    }

    private void Apply(string action, JsonElement value)
    {
        switch (action)
        {
            case "protocol":
                Protocol = (value.GetProperty("minReaderVersion").GetInt32(), value.GetProperty("minWriterVersion").GetInt32());
                break;
            case "metaData":
                MetaData = new DeltaMetaData(
                    value.GetProperty("id").GetString()!,
                    value.GetProperty("schemaString").GetString()!,
                    value.GetProperty("partitionColumns")[0].GetString()!,
                    value.GetProperty("createdTime").GetInt64());
                break;
            case "txn":
                var transaction = new DeltaTransaction(
                    value.GetProperty("appId").GetString()!, value.GetProperty("version").GetInt64(), value.GetProperty("lastUpdated").GetInt64());
                Transactions[transaction.AppId] = transaction;
                break;
            case "add":
                Apply(new DeltaAdd(
                    value.GetProperty("path").GetString()!,
                    PartitionValue(value),
                    value.GetProperty("size").GetInt64(),
                    value.GetProperty("modificationTime").GetInt64(),
                    value.GetProperty("dataChange").GetBoolean(),
                    value.TryGetProperty("stats", out var stats) ? stats.GetString() : null));
                break;
            case "remove":
                Apply(new DeltaRemove(
                    value.GetProperty("path").GetString()!,
                    PartitionValue(value),
                    value.GetProperty("size").GetInt64(),
                    value.GetProperty("deletionTimestamp").GetInt64(),
                    value.GetProperty("dataChange").GetBoolean()));
                break;
            default:
                // commitInfo, and what others may have added.
                break;
        }
    }

    private static string PartitionValue(JsonElement action) =>
        action.GetProperty("partitionValues").EnumerateObject().Single().Value.GetString()!;
}
