using System.Collections.Immutable;
using System.Text.Json;

namespace IotAnalytics.Core.Lake.Files;

/// <summary>How a column is stored.</summary>
internal enum LakeType
{
    Int,
    Long,
    /// <summary>Parquet <c>Timestamp(MILLIS, UTC)</c>.</summary>
    Timestamp,
    Double,
    Text,
    Binary,
}

/// <summary>A column of a table.</summary>
/// <param name="Nullable">Optional in Parquet; all others are required there. In Delta every column is nullable.</param>
/// <param name="Dictionary">Text with few distinct values.</param>
/// <param name="Statistics">Minimum and maximum go into the Delta log.</param>
internal sealed record LakeColumn(string Name, LakeType Type, bool Nullable = false, bool Dictionary = false, bool Statistics = true);

/// <summary>The columns of a table, in file order. The partition column is not among them: it is in the path.</summary>
internal sealed class LakeSchema
{
    private static readonly ImmutableArray<LakeColumn> ReadingHead =
    [
        new("source_id", LakeType.Int),
        new("partition", LakeType.Int),
        new("record_offset", LakeType.Long),
        new("item", LakeType.Int),
        new("sensor_id", LakeType.Text, Dictionary: true),
        new("profile", LakeType.Text, Dictionary: true, Statistics: false),
        new("event_time", LakeType.Timestamp),
        new("record_time", LakeType.Timestamp),
        new("flags", LakeType.Int),
    ];

    private static readonly ImmutableArray<LakeColumn> ReadingTail =
    [
        new("model_version", LakeType.Text, Nullable: true, Dictionary: true, Statistics: false),
        new("anomaly_score", LakeType.Double, Nullable: true),
    ];

    private static readonly ImmutableArray<LakeColumn> GoldTail =
    [
        new("threshold", LakeType.Double),
        new("rarity", LakeType.Double),
        new("severity", LakeType.Text, Dictionary: true, Statistics: false),
        new("top_measurement", LakeType.Text, Dictionary: true, Statistics: false),
        new("explanation", LakeType.Text, Statistics: false),
    ];

    private LakeSchema(string partitionColumn, ImmutableArray<string> measurements, ImmutableArray<LakeColumn> columns, int rowGroupBytes)
    {
        RowGroupBytes = rowGroupBytes;
        PartitionColumn = partitionColumn;
        Measurements = measurements;
        Columns = columns;
    }

    /// <summary>Names that no measurement may bear.</summary>
    public static ImmutableHashSet<string> ReservedNames { get; } =
        [.. ReadingHead.Concat(ReadingTail).Concat(GoldTail).Select(c => c.Name), "event_date", "ingest_date"];

    public static LakeSchema Bronze { get; } = new(
        "ingest_date",
        [],
        [
            new("source_id", LakeType.Int),
            new("partition", LakeType.Int),
            new("record_offset", LakeType.Long),
            new("record_time", LakeType.Timestamp, Nullable: true),
            new("record_key", LakeType.Binary, Nullable: true, Statistics: false),
            new("headers", LakeType.Text, Nullable: true, Statistics: false),
            new("item_count", LakeType.Int),
            new("value", LakeType.Binary, Statistics: false),
        ],
        rowGroupBytes: 512 * 1024);

    public string PartitionColumn { get; }

    /// <summary>Raw bytes at which a row group closes. Those of bronze and gold are small: their one large column is compressed as one page, and the compressor
    /// needs twice its size for a moment.</summary>
    public int RowGroupBytes { get; }

    /// <summary>Names of the measurement columns.</summary>
    public ImmutableArray<string> Measurements { get; }

    public ImmutableArray<LakeColumn> Columns { get; }

    public static LakeSchema Silver(IEnumerable<string> measurements) => Readings(measurements, [], RowBuffer.MaxBytes);

    public static LakeSchema Gold(IEnumerable<string> measurements) => Readings(measurements, GoldTail, rowGroupBytes: 2 * 1024 * 1024);

    /// <summary>The schema of a table with these measurements (bronze has none).</summary>
    public static LakeSchema Of(LakeTable table, IEnumerable<string> measurements) => table.Name switch
    {
        "bronze" => Bronze,
        "silver" => Silver(measurements),
        _ => Gold(measurements),
    };

    /// <summary>Whether rows of the one fit the other.</summary>
    public bool HasColumnsOf(LakeSchema other) => ReferenceEquals(this, other) || Columns.SequenceEqual(other.Columns);

    public int IndexOf(string column)
    {
        for (var i = 0; i < Columns.Length; i++)
        {
            if (Columns[i].Name == column)
            {
                return i;
            }
        }

        throw new ArgumentException($"There is no column '{column}'.", nameof(column));
    }

    /// <summary>Delta's <c>schemaString</c>: the columns and the partition column.</summary>
    public string ToDelta()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type", "struct");
            json.WriteStartArray("fields");
            foreach (var column in Columns)
            {
                WriteField(json, column.Name, DeltaType(column.Type));
            }

            WriteField(json, PartitionColumn, "date");
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static LakeSchema Readings(IEnumerable<string> measurements, ImmutableArray<LakeColumn> tail, int rowGroupBytes)
    {
        ImmutableArray<string> names = [.. measurements];
        return new LakeSchema(
            "event_date",
            names,
            [.. ReadingHead, .. names.Select(name => new LakeColumn(name, LakeType.Double, Nullable: true)), .. ReadingTail, .. tail],
            rowGroupBytes);
    }

    private static void WriteField(Utf8JsonWriter json, string name, string type)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("type", type);
        json.WriteBoolean("nullable", true);
        json.WriteStartObject("metadata");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string DeltaType(LakeType type) => type switch
    {
        LakeType.Int => "integer",
        LakeType.Long => "long",
        LakeType.Timestamp => "timestamp",
        LakeType.Double => "double",
        LakeType.Text => "string",
        _ => "binary",
    };
}
