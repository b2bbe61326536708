using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace IotAnalytics.Core.Modeling;

/// <summary>Appends little-endian values.</summary>
internal sealed class ModelFileWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(65_536);

    public ReadOnlyMemory<byte> Written => _buffer.WrittenMemory;

    public void Bytes(ReadOnlySpan<byte> bytes) => _buffer.Write(bytes);

    public void UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.GetSpan(2), value);
        _buffer.Advance(2);
    }

    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.GetSpan(4), value);
        _buffer.Advance(4);
    }

    public void UInt64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer.GetSpan(8), value);
        _buffer.Advance(8);
    }

    public void Single(float value)
    {
        BinaryPrimitives.WriteSingleLittleEndian(_buffer.GetSpan(4), value);
        _buffer.Advance(4);
    }

    public void Double(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(_buffer.GetSpan(8), value);
        _buffer.Advance(8);
    }

    /// <summary>Length in 16 bits, then UTF-8.</summary>
    public void Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length > ushort.MaxValue)
        {
            throw new ModelFileException($"A name of {bytes.Length} bytes is too long for a model file; at most {ushort.MaxValue}.");
        }

        UInt16((ushort)bytes.Length);
        Bytes(bytes);
    }
}
