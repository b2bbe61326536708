using System.Buffers;
using System.Text;

namespace IotAnalytics.Core.Lake.Files.Format;

/// <summary>
/// Writes structs in Thrift's compact protocol, in which Parquet keeps its metadata (thrift, doc/specs/thrift-compact-protocol.md). Fields are written in rising
/// order of their ids.
/// </summary>
internal sealed class ThriftWriter
{
    private const int MostDepth = 8;
    private const byte True = 1;
    private const byte False = 2;
    private const byte I32Type = 5;
    private const byte I64Type = 6;
    private const byte BinaryType = 8;
    private const byte ListType = 9;
    private const byte StructType = 12;

    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly int[] _lastFields = new int[MostDepth];
    private int _depth;

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public void Clear()
    {
        _bytes.ResetWrittenCount();
        (_depth, _lastFields[0]) = (0, 0);
    }

    public void Bool(int field, bool value) => Header(field, value ? True : False);

    /// <summary>A number or an enum.</summary>
    public void I32(int field, int value)
    {
        Header(field, I32Type);
        ZigZag(value);
    }

    public void I64(int field, long value)
    {
        Header(field, I64Type);
        ZigZag(value);
    }

    public void Binary(int field, ReadOnlySpan<byte> value)
    {
        Header(field, BinaryType);
        Bytes(value);
    }

    public void Text(int field, string value) => Binary(field, Encoding.UTF8.GetBytes(value));

    /// <summary>A struct, or a union with the one field that is written before <see cref="EndStruct"/>.</summary>
    public void BeginStruct(int field)
    {
        Header(field, StructType);
        BeginElement();
    }

    /// <summary>A struct in a list.</summary>
    public void BeginElement() => _lastFields[++_depth] = 0;

    /// <summary>Ends a struct; that of a whole message, too.</summary>
    public void EndStruct()
    {
        One(0);
        _depth = Math.Max(0, _depth - 1);
    }

    /// <summary>A struct without fields.</summary>
    public void EmptyStruct(int field)
    {
        BeginStruct(field);
        EndStruct();
    }

    public void Structs(int field, int count) => List(field, StructType, count);

    public void I32s(int field, ReadOnlySpan<int> values)
    {
        List(field, I32Type, values.Length);
        foreach (var value in values)
        {
            ZigZag(value);
        }
    }

    /// <summary>A list of one text.</summary>
    public void TextList(int field, string value)
    {
        List(field, BinaryType, 1);
        Bytes(Encoding.UTF8.GetBytes(value));
    }

    /// <summary>Elements of a list that another writer wrote.</summary>
    public void Raw(ReadOnlySpan<byte> elements) => _bytes.Write(elements);

    /// <summary>LEB128.</summary>
    public static void VarInt(IBufferWriter<byte> into, ulong value)
    {
        var span = into.GetSpan(10);
        var length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[length++] = (byte)(value | 0x80);
        }

        span[length++] = (byte)value;
        into.Advance(length);
    }

    private void List(int field, byte type, int count)
    {
        Header(field, ListType);
        if (count < 15)
        {
            One((byte)((count << 4) | type));
            return;
        }

        One((byte)(0xF0 | type));
        VarInt(_bytes, (ulong)count);
    }

    private void Header(int field, byte type)
    {
        var delta = field - _lastFields[_depth];
        if (delta is <= 0 or > 15)
        {
            throw new ArgumentOutOfRangeException(nameof(field), field, "Fields are written in rising order, at most 15 apart.");
        }

        One((byte)((delta << 4) | type));
        _lastFields[_depth] = field;
    }

    private void ZigZag(long value) => VarInt(_bytes, (ulong)((value << 1) ^ (value >> 63)));

    private void Bytes(ReadOnlySpan<byte> value)
    {
        VarInt(_bytes, (ulong)value.Length);
        _bytes.Write(value);
    }

    private void One(byte value)
    {
        _bytes.GetSpan(1)[0] = value;
        _bytes.Advance(1);
    }
}
