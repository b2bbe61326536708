using Parquet;

namespace IotAnalytics.Core.Lake.Delta;

/// <summary>
/// A classic single-file checkpoint: one row per action, a struct column per kind of action. Written by <see cref="WriteAsync"/>, read back
/// by the readers below, which read only what we write.
/// </summary>
internal static class DeltaCheckpoint
{
    /// <summary>The checkpoint's bytes, and how many actions it holds.</summary>
    public static async Task<(byte[] Content, int Actions)> WriteAsync(DeltaSnapshot snapshot, CancellationToken cancellationToken)
    {
        var rows = CheckpointRows.Of(snapshot);
        using var buffer = new MemoryStream();
        var schema = CheckpointSchema.Create();
        await using (var writer = await ParquetWriter.CreateAsync(
            schema, buffer, new ParquetOptions { CompressionMethod = CompressionMethod.Snappy }, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            using var group = writer.CreateRowGroup();
            foreach (var field in schema.GetDataFields())
            {
                await rows.Column(field.Path.ToString()).WriteAsync(group, field, cancellationToken).ConfigureAwait(false);
            }

            group.CompleteValidate();
        }

        return (buffer.ToArray(), rows.Count);
    }

    /// <summary>The state that a checkpoint holds.</summary>
    /// <exception cref="InvalidDataException">It is missing or not one of ours.</exception>
    public static async Task<DeltaSnapshot> ReadAsync(ILakeStore store, LakeTable table, long version, CancellationToken cancellationToken)
    {
        var key = DeltaLogKeys.Checkpoint(table, version);
        try
        {
            await using var stream = await store.OpenReadAsync(key, cancellationToken).ConfigureAwait(false);
            return await ReadAsync(stream, version, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is FileNotFoundException or InvalidDataException)
        {
            throw new InvalidDataException($"{key}: {e.Message}", e);
        }
    }

    /// <summary>The state that a checkpoint's bytes hold.</summary>
    /// <exception cref="InvalidDataException">They are not a checkpoint of ours.</exception>
    public static async Task<DeltaSnapshot> ReadAsync(Stream content, long version, CancellationToken cancellationToken)
    {
        try
        {
            await using var reader = await ParquetReader.CreateAsync(content, leaveStreamOpen: true, cancellationToken: cancellationToken).ConfigureAwait(false);
            var snapshot = new DeltaSnapshot { Version = version };
            foreach (var group in reader.RowGroups)
            {
                await CheckpointRows.ReadAsync(group, reader.Schema.GetDataFields(), snapshot, cancellationToken).ConfigureAwait(false);
            }

            return snapshot.Protocol is not null && snapshot.MetaData is not null ? snapshot : throw new InvalidDataException("It lacks protocol or metaData.");
        }
        catch (Exception e) when (e is ParquetException or ArgumentException or IndexOutOfRangeException or EndOfStreamException or KeyNotFoundException or (IOException and not StoreUnavailableException))
        {
            throw new InvalidDataException(e.Message, e);
        }
    }
}
