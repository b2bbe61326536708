using System.Buffers.Binary;
using System.Text;

namespace IotAnalytics.Core.Modeling;

/// <summary>Takes little-endian values off the front of a section; refuses to go beyond its end, also before allocating for a count.</summary>
internal ref struct ModelFileReader(ReadOnlySpan<byte> section, string name)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private ReadOnlySpan<byte> _rest = section;

    public ReadOnlySpan<byte> Bytes(long length)
    {
        if (length < 0 || length > _rest.Length)
        {
            throw new ModelFileException($"The model file's section {name} ends before its content.");
        }

        var bytes = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return bytes;
    }

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2));
    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4));
    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(8));
    public float Single() => BinaryPrimitives.ReadSingleLittleEndian(Bytes(4));
    public double Double() => BinaryPrimitives.ReadDoubleLittleEndian(Bytes(8));

    /// <summary>A count of things of at least <paramref name="bytesEach"/> bytes, all of which fit into the rest.</summary>
    public int Count(int bytesEach, int maximum)
    {
        var count = UInt32();
        if (count > (uint)maximum || count * (long)bytesEach > _rest.Length)
        {
            throw new ModelFileException($"The model file's section {name} says {count} entries, more than it can hold.");
        }

        return (int)count;
    }

    public string Text()
    {
        try
        {
            return StrictUtf8.GetString(Bytes(UInt16()));
        }
        catch (DecoderFallbackException e)
        {
            throw new ModelFileException($"The model file's section {name} has a text that is not UTF-8.", e);
        }
    }

    public double FiniteDouble()
    {
        var value = Double();
        return double.IsFinite(value) ? value : throw new ModelFileException($"The model file's section {name} has a number that is not finite.");
    }

    public ReadOnlySpan<byte> Rest() => Bytes(_rest.Length);

    public readonly void End()
    {
        if (!_rest.IsEmpty)
        {
            throw new ModelFileException($"The model file's section {name} has {_rest.Length} bytes too many.");
        }
    }
}
