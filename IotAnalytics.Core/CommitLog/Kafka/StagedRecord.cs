using Confluent.Kafka;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>Place of a key or a value in the buffer of its <see cref="StagedRecord"/>.</summary>
internal readonly record struct StagedBytes(int Start, int Length);

/// <summary>
/// Receives key and value of the record that the client is handing over, in one buffer that is used again: no array for each record.
/// One consumer, one thread.
/// </summary>
internal sealed class StagedRecord
{
    private byte[] _buffer = new byte[64 * 1024];
    private int _length;

    public IDeserializer<StagedBytes> Key => new Stage(this);

    public IDeserializer<StagedBytes> Value => new Stage(this);

    /// <summary>The bytes, up to the next <see cref="Clear"/>.</summary>
    public ReadOnlySpan<byte> Bytes(StagedBytes place) => _buffer.AsSpan(place.Start, place.Length);

    public void Clear() => _length = 0;

    private StagedBytes Add(ReadOnlySpan<byte> data)
    {
        if (_length + data.Length > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_length + data.Length, _buffer.Length * 2));
        }

        data.CopyTo(_buffer.AsSpan(_length));
        var place = new StagedBytes(_length, data.Length);
        _length += data.Length;
        return place;
    }

    /// <summary>Takes whatever comes: judging it is the parser's business.</summary>
    private sealed class Stage(StagedRecord record) : IDeserializer<StagedBytes>
    {
        public StagedBytes Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) => isNull ? default : record.Add(data);
    }
}
