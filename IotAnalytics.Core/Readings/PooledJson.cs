using System.Buffers;
using System.Text;
using System.Text.Json;

namespace IotAnalytics.Core.Readings;

/// <summary>A JSON writer that the thread keeps for the next text: an anomaly is two of them. One at a time on a thread; disposing gives it back.</summary>
internal sealed class PooledJson : IDisposable
{
    private const int LargestKept = 64 * 1024;

    [ThreadStatic]
    private static PooledJson? _spare;

    private readonly ArrayBufferWriter<byte> _buffer = new(1024);

    private PooledJson() => Writer = new Utf8JsonWriter(_buffer);

    public Utf8JsonWriter Writer { get; }

    public static PooledJson Rent()
    {
        var json = _spare ?? new PooledJson();
        _spare = null;
        return json;
    }

    /// <summary>What was written.</summary>
    public override string ToString()
    {
        Writer.Flush();
        return Encoding.UTF8.GetString(_buffer.WrittenSpan);
    }

    public void Dispose()
    {
        if (_buffer.Capacity <= LargestKept)
        {
            _buffer.ResetWrittenCount();
            Writer.Reset();
            _spare = this;
        }
    }
}
