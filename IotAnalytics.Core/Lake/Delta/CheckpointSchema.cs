using Parquet.Schema;

namespace IotAnalytics.Core.Lake.Delta;

/// <summary>The columns of a checkpoint, as the Delta protocol names them. Everything is optional.</summary>
internal static class CheckpointSchema
{
    public static ParquetSchema Create() => new(
        new StructField(
            "txn", Text("appId"), Long("version"), Long("lastUpdated")),
        new StructField(
            "add", Text("path"), Map("partitionValues"), Long("size"), Long("modificationTime"), Bool("dataChange"), Text("stats")),
        new StructField(
            "remove", Text("path"), Long("deletionTimestamp"), Bool("dataChange"), Bool("extendedFileMetadata"), Map("partitionValues"), Long("size")),
        new StructField(
            "metaData", Text("id"), new StructField("format", Text("provider"), Map("options")), Text("schemaString"),
            new ListField("partitionColumns", Text("element")), Map("configuration"), Long("createdTime")),
        new StructField(
            "protocol", Int("minReaderVersion"), Int("minWriterVersion")));

    private static DataField Text(string name) => new(name, typeof(string), isNullable: true);

    private static DataField Long(string name) => new(name, typeof(long), isNullable: true);

    private static DataField Int(string name) => new(name, typeof(int), isNullable: true);

    private static DataField Bool(string name) => new(name, typeof(bool), isNullable: true);

    private static MapField Map(string name) => new(name, new DataField("key", typeof(string), isNullable: false), Text("value"));
}
