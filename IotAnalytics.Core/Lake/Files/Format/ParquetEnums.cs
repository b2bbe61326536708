namespace IotAnalytics.Core.Lake.Files.Format;

/// <summary>Physical types (parquet.thrift, <c>Type</c>).</summary>
internal enum PhysicalType
{
    Int32 = 1,
    Int64 = 2,
    Double = 5,
    ByteArray = 6,
}

/// <summary>Encodings that are written (parquet.thrift, <c>Encoding</c>).</summary>
internal enum PageEncoding
{
    Plain = 0,
    Rle = 3,
    RleDictionary = 8,
}

/// <summary>Codecs that are written (parquet.thrift, <c>CompressionCodec</c>).</summary>
internal enum PageCodec
{
    Snappy = 1,
    Zstd = 6,
}

/// <summary>Page types (parquet.thrift, <c>PageType</c>).</summary>
internal enum PageType
{
    Data = 0,
    Dictionary = 2,
}
