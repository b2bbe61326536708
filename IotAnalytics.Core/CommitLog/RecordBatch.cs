using System.Buffers;

namespace IotAnalytics.Core.CommitLog;

/// <summary>
/// Records of one partition in offset order, their bytes in one pooled buffer. Reused: <see cref="Clear"/> and fill again.
/// One thread at a time.
/// </summary>
public sealed class RecordBatch : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
    private LogRecordInfo[] _records = new LogRecordInfo[64];
    private int _length;

    /// <summary>Number of records.</summary>
    public int Count { get; private set; }

    /// <summary>The bytes of all records; valid up to the next <see cref="Clear"/>, <see cref="Add"/> or <see cref="Dispose"/>.</summary>
    public byte[] Buffer => _buffer;

    /// <summary>Bytes in use.</summary>
    public int ByteCount => _length;

    public ref readonly LogRecordInfo this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return ref _records[index];
        }
    }

    public ReadOnlySpan<byte> Value(int index) => _buffer.AsSpan(_records[index].ValueStart, _records[index].ValueLength);

    public void Clear()
    {
        Count = 0;
        _length = 0;
    }

    /// <summary>Adds a record and returns the place for its value, to be filled by the caller at once.</summary>
    /// <param name="recordTimeMs">Unix milliseconds, or <see cref="LogRecordInfo.NoTime"/> when the log has none.</param>
    /// <param name="key">The record's key, or empty.</param>
    /// <param name="headers">Headers as a JSON object, or null.</param>
    public Span<byte> Add(long offset, long recordTimeMs, int valueLength, ReadOnlySpan<byte> key, string? headers)
    {
        if (Count == _records.Length)
        {
            Array.Resize(ref _records, Count * 2);
        }

        Reserve(valueLength + key.Length);
        var valueStart = _length;
        key.CopyTo(_buffer.AsSpan(valueStart + valueLength));
        _records[Count++] = new LogRecordInfo(offset, recordTimeMs, valueStart, valueLength, valueStart + valueLength, key.Length, headers);
        _length += valueLength + key.Length;
        return _buffer.AsSpan(valueStart, valueLength);
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
            Clear();
        }
    }

    private void Reserve(int more)
    {
        if (_length + more <= _buffer.Length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + more, _buffer.Length * 2));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}

/// <summary>One record of a <see cref="RecordBatch"/>.</summary>
/// <param name="Offset">The log's offset, rising within the partition, gaps allowed.</param>
/// <param name="RecordTimeMs">The time that the log stored with the record, Unix milliseconds.</param>
public readonly record struct LogRecordInfo(
    long Offset, long RecordTimeMs, int ValueStart, int ValueLength, int KeyStart, int KeyLength, string? Headers)
{
    /// <summary>The log stored no time with the record.</summary>
    public const long NoTime = long.MinValue;
}
