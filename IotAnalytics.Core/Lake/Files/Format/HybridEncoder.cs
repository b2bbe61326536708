using System.Buffers;
using System.Numerics;

namespace IotAnalytics.Core.Lake.Files.Format;

/// <summary>
/// The hybrid of run lengths and bit-packing in which levels and dictionary indices are written (parquet-format, Encodings.md, "Run Length Encoding / Bit-Packing
/// Hybrid"). One run for all values: by its length when they are equal, else bit-packed.
/// </summary>
internal static class HybridEncoder
{
    /// <summary>Bits of the largest value, at least 1: not every reader takes a width of 0.</summary>
    public static int Width(int largest) => Math.Max(1, 32 - BitOperations.LeadingZeroCount((uint)largest));

    /// <param name="value">Of every row; below 256.</param>
    public static void WriteRun(ArrayBufferWriter<byte> into, byte value, int count)
    {
        ThriftWriter.VarInt(into, (ulong)count << 1);
        into.GetSpan(1)[0] = value;
        into.Advance(1);
    }

    /// <param name="width">Bits of a value, 1 to 32.</param>
    public static void WritePacked(ArrayBufferWriter<byte> into, ReadOnlySpan<int> values, int width)
    {
        var bytes = Begin(into, values.Length, width);
        var (pending, bits, at) = (0UL, 0, 0);
        foreach (var value in values)
        {
            pending |= (ulong)(uint)value << bits;
            for (bits += width; bits >= 8; bits -= 8)
            {
                bytes[at++] = (byte)pending;
                pending >>= 8;
            }
        }

        End(into, bytes, at, pending, bits);
    }

    /// <summary>Values of one bit.</summary>
    public static void WritePacked(ArrayBufferWriter<byte> into, ReadOnlySpan<bool> values)
    {
        var bytes = Begin(into, values.Length, width: 1);
        var (pending, bits, at) = (0UL, 0, 0);
        foreach (var value in values)
        {
            pending |= (value ? 1UL : 0UL) << bits;
            if (++bits == 8)
            {
                bytes[at++] = (byte)pending;
                (pending, bits) = (0, 0);
            }
        }

        End(into, bytes, at, pending, bits);
    }

    private static Span<byte> Begin(ArrayBufferWriter<byte> into, int count, int width)
    {
        // Whole groups of eight values; the last is filled up with zeros.
        var groups = (count + 7) / 8;
        ThriftWriter.VarInt(into, ((ulong)groups << 1) | 1);
        return into.GetSpan(groups * width)[..(groups * width)];
    }

    private static void End(ArrayBufferWriter<byte> into, Span<byte> bytes, int at, ulong pending, int bits)
    {
        if (bits > 0)
        {
            bytes[at++] = (byte)pending;
        }

        bytes[at..].Clear();
        into.Advance(bytes.Length);
    }
}
