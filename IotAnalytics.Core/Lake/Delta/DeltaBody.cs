using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IotAnalytics.Core.Lake.Delta;

/// <summary>Builds the body of a commit: one JSON object per line. The order and the form of the fields are part of the format.</summary>
internal sealed class DeltaBody
{
    /// <summary>What every reader since 2019 can read: no table features.</summary>
    public const int ReaderVersion = 1;

    public const int WriterVersion = 2;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly MemoryStream _body = new();

    public DeltaBody CommitInfo(long time, string operation, IReadOnlyDictionary<string, string> parameters, bool isBlindAppend) => Line(
        "commitInfo",
        json =>
        {
            json.WriteNumber("timestamp", time);
            json.WriteString("operation", operation);
            json.WriteStartObject("operationParameters");
            foreach (var (name, value) in parameters)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
            json.WriteBoolean("isBlindAppend", isBlindAppend);
            json.WriteString("engineInfo", "IotAnalytics");
        });

    public DeltaBody Protocol() => Line(
        "protocol",
        json =>
        {
            json.WriteNumber("minReaderVersion", ReaderVersion);
            json.WriteNumber("minWriterVersion", WriterVersion);
        });

    public DeltaBody MetaData(DeltaMetaData metaData) => Line(
        "metaData",
        json =>
        {
            json.WriteString("id", metaData.Id);
            json.WriteStartObject("format");
            json.WriteString("provider", "parquet");
            json.WriteStartObject("options");
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteString("schemaString", metaData.SchemaString);
            json.WriteStartArray("partitionColumns");
            json.WriteStringValue(metaData.PartitionColumn);
            json.WriteEndArray();
            json.WriteStartObject("configuration");
            json.WriteEndObject();
            json.WriteNumber("createdTime", metaData.CreatedTime);
        });

    public DeltaBody Transaction(DeltaTransaction transaction) => Line(
        "txn",
        json =>
        {
            json.WriteString("appId", transaction.AppId);
            json.WriteNumber("version", transaction.Version);
            json.WriteNumber("lastUpdated", transaction.LastUpdated);
        });

    public DeltaBody Add(DeltaAdd add, string partitionColumn) => Line(
        "add",
        json =>
        {
            json.WriteString("path", add.Path);
            WritePartition(json, partitionColumn, add.PartitionValue);
            json.WriteNumber("size", add.Size);
            json.WriteNumber("modificationTime", add.ModificationTime);
            json.WriteBoolean("dataChange", add.DataChange);
            if (add.Stats is not null)
            {
                json.WriteString("stats", add.Stats);
            }
        });

    public DeltaBody Remove(DeltaRemove remove, string partitionColumn) => Line(
        "remove",
        json =>
        {
            json.WriteString("path", remove.Path);
            json.WriteNumber("deletionTimestamp", remove.DeletionTimestamp);
            json.WriteBoolean("dataChange", remove.DataChange);
            json.WriteBoolean("extendedFileMetadata", true);
            WritePartition(json, partitionColumn, remove.PartitionValue);
            json.WriteNumber("size", remove.Size);
        });

    public override string ToString() => Encoding.UTF8.GetString(_body.GetBuffer(), 0, (int)_body.Length);

    private static void WritePartition(Utf8JsonWriter json, string column, string value)
    {
        json.WriteStartObject("partitionValues");
        json.WriteString(column, value);
        json.WriteEndObject();
    }

    private DeltaBody Line(string action, Action<Utf8JsonWriter> write)
    {
        using (var json = new Utf8JsonWriter(_body, Options))
        {
            json.WriteStartObject();
            json.WriteStartObject(action);
            write(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        _body.WriteByte((byte)'\n');
        return this;
    }
}
