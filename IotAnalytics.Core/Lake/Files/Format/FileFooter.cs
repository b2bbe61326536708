namespace IotAnalytics.Core.Lake.Files.Format;

/// <summary>The metadata at the end of a file (parquet.thrift, <c>FileMetaData</c>): schema and row groups.</summary>
internal static class FileFooter
{
    /// <summary>At both ends of a file.</summary>
    public static ReadOnlySpan<byte> Magic => "PAR1"u8;

    private const int Version = 1;
    private const int Required = 0;
    private const int Optional = 1;

    /// <summary>In the form by which readers tell writers apart.</summary>
    private static readonly string CreatedBy = $"IotAnalytics version {typeof(FileFooter).Assembly.GetName().Version?.ToString(3)}";

    /// <param name="rowGroups">The row groups as written one after the other.</param>
    public static void Write(ThriftWriter into, LakeSchema schema, long rows, int rowGroupCount, ReadOnlySpan<byte> rowGroups)
    {
        into.I32(1, Version);
        into.Structs(2, schema.Columns.Length + 1);
        into.BeginElement();
        into.Text(4, "root");
        into.I32(5, schema.Columns.Length);
        into.EndStruct();
        foreach (var column in schema.Columns)
        {
            WriteColumn(into, column);
        }

        into.I64(3, rows);
        into.Structs(4, rowGroupCount);
        into.Raw(rowGroups);
        into.Text(6, CreatedBy);

        // Without the order of a column a reader must not use its bounds.
        into.Structs(7, schema.Columns.Length);
        for (var i = 0; i < schema.Columns.Length; i++)
        {
            into.BeginElement();
            into.EmptyStruct(1);
            into.EndStruct();
        }

        into.EndStruct();
    }

    public static PhysicalType Physical(LakeType type) => type switch
    {
        LakeType.Int => PhysicalType.Int32,
        LakeType.Long or LakeType.Timestamp => PhysicalType.Int64,
        LakeType.Double => PhysicalType.Double,
        _ => PhysicalType.ByteArray,
    };

    private static void WriteColumn(ThriftWriter into, LakeColumn column)
    {
        into.BeginElement();
        into.I32(1, (int)Physical(column.Type));
        into.I32(3, column.Nullable ? Optional : Required);
        into.Text(4, column.Name);
        switch (column.Type)
        {
            case LakeType.Text:
                // Converted type UTF8, logical type STRING.
                into.I32(6, 0);
                into.BeginStruct(10);
                into.EmptyStruct(1);
                into.EndStruct();
                break;
            case LakeType.Timestamp:
                // Converted type TIMESTAMP_MILLIS, logical type TIMESTAMP (adjusted to UTC, MILLIS).
                into.I32(6, 9);
                into.BeginStruct(10);
                into.BeginStruct(8);
                into.Bool(1, true);
                into.BeginStruct(2);
                into.EmptyStruct(1);
                into.EndStruct();
                into.EndStruct();
                into.EndStruct();
                break;
        }

        into.EndStruct();
    }
}
