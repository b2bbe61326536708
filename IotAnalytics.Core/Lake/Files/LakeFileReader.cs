using Parquet;
using Parquet.Schema;

namespace IotAnalytics.Core.Lake.Files;

/// <summary>Reads a file of ours, row group by row group.</summary>
internal sealed class LakeFileReader : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly ParquetReader _reader;
    private readonly Dictionary<string, DataField> _fields;

    private LakeFileReader(Stream stream, ParquetReader reader)
    {
        _stream = stream;
        _reader = reader;
        _fields = reader.Schema.GetDataFields().ToDictionary(f => f.Name, StringComparer.Ordinal);
    }

    public int RowGroups => _reader.RowGroupCount;

    public IReadOnlyCollection<string> Columns => _fields.Keys;

    /// <exception cref="InvalidDataException">It is not a Parquet file.</exception>
    public static async Task<LakeFileReader> OpenAsync(ILakeStore store, string key, CancellationToken cancellationToken)
    {
        var stream = await store.OpenReadAsync(key, cancellationToken).ConfigureAwait(false);
        try
        {
            return new LakeFileReader(stream, await ParquetReader.CreateAsync(stream, leaveStreamOpen: true, cancellationToken: cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            if (e is ParquetException or ArgumentException or (IOException and not StoreUnavailableException) or IndexOutOfRangeException)
            {
                throw new InvalidDataException($"{key} is not a Parquet file: {e.Message}", e);
            }

            throw;
        }
    }

    public DataField? Field(string column) => _fields.GetValueOrDefault(column);

    public ParquetRowGroupReader Group(int group) => _reader.OpenRowGroupReader(group);

    /// <summary>Reads a whole row group; columns that the file lacks are NULL.</summary>
    public async Task ReadAsync(int group, RowBuffer into, ReadScratch scratch, CancellationToken cancellationToken)
    {
        using var reader = _reader.OpenRowGroupReader(group);
        var rows = checked((int)reader.RowCount);
        into.Resize(rows);
        foreach (var column in into.Columns)
        {
            await column.ReadAsync(reader, Field(column.Column.Name), rows, scratch, cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _reader.DisposeAsync().ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
    }
}
