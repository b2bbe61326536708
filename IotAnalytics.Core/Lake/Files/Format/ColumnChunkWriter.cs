using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace IotAnalytics.Core.Lake.Files.Format;

/// <summary>
/// One column chunk at a time: a dictionary page where the column has few distinct texts, and one data page of version 1 (parquet-format, README, "Data Pages").
/// Between <see cref="Begin"/> and <see cref="End"/> the column gives its levels, then its values. The arrays stay from chunk to chunk. One user at a time.
/// </summary>
internal sealed class ColumnChunkWriter : IDisposable
{
    /// <summary>An array that grew beyond this for one large value is not kept.</summary>
    public const int KeptBytes = 2 * 1024 * 1024;

    /// <summary>A dictionary larger than this would not be looked up faster than the texts are read.</summary>
    private const int MostDictionaryBytes = 1024 * 1024;

    private readonly PageCompressor _compressor = new();
    private readonly ThriftWriter _header = new();
    private readonly Dictionary<string, int> _indices = new(StringComparer.Ordinal);
    private readonly ArrayBufferWriter<byte> _minimum = new(), _maximum = new();
    private ArrayBufferWriter<byte> _page = new(), _dictionary = new();
    private bool[] _present = [];
    private int[] _values = [];
    private int _distinct;
    private int _nulls;
    private bool _hasBounds;

    /// <summary>Of the pages and their headers since <see cref="Begin"/>.</summary>
    private long _rawBytes, _fileBytes;

    public void Begin()
    {
        _page = Kept(_page);
        _dictionary = Kept(_dictionary);
        _indices.Clear();
        (_distinct, _nulls, _hasBounds, _rawBytes, _fileBytes) = (0, 0, false, 0, 0);
    }

    /// <summary>For the caller to fill: whether each row has a value.</summary>
    public Span<bool> Present(int rows)
    {
        if (_present.Length < rows)
        {
            _present = new bool[rows];
        }

        return _present.AsSpan(0, rows);
    }

    /// <summary>The definition levels of an optional column; before the values. A required one has none.</summary>
    /// <param name="present">Of each row.</param>
    /// <param name="values">How many are.</param>
    public void WriteLevels(ReadOnlySpan<bool> present, int values)
    {
        _nulls = present.Length - values;
        _page.GetSpan(sizeof(int));
        _page.Advance(sizeof(int));
        if (values == 0 || _nulls == 0)
        {
            HybridEncoder.WriteRun(_page, (byte)(_nulls == 0 ? 1 : 0), present.Length);
        }
        else
        {
            HybridEncoder.WritePacked(_page, present);
        }

        BinaryPrimitives.WriteInt32LittleEndian(Page[..sizeof(int)], _page.WrittenCount - sizeof(int));
    }

    /// <summary>Values of a fixed width (PLAIN).</summary>
    public void WritePlain<T>(ReadOnlySpan<T> values)
        where T : unmanaged => _page.Write(MemoryMarshal.AsBytes(values));

    /// <summary>Room for values of a fixed width, of which <see cref="Take"/> says how many were written.</summary>
    public Span<T> Room<T>(int count)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(_page.GetSpan(count * Unsafe.SizeOf<T>()))[..count];

    public void Take<T>(int count)
        where T : unmanaged => _page.Advance(count * Unsafe.SizeOf<T>());

    /// <summary>A byte string (PLAIN).</summary>
    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_page.GetSpan(sizeof(int)), value.Length);
        _page.Advance(sizeof(int));
        _page.Write(value);
    }

    /// <summary>The texts that are there, as UTF-8 (PLAIN).</summary>
    public void WriteTexts(ReadOnlySpan<string?> values)
    {
        foreach (var value in values)
        {
            if (value is not null)
            {
                WriteText(_page, value);
            }
        }
    }

    /// <summary>The texts that are there, by dictionary if that is smaller (RLE_DICTIONARY).</summary>
    /// <param name="count">How many are there.</param>
    public void WriteDictionaryTexts(ReadOnlySpan<string?> values, int count)
    {
        if (count == 0 || !TryIndex(values, count))
        {
            WriteTexts(values);
            return;
        }

        var width = HybridEncoder.Width(_distinct - 1);
        _page.GetSpan(1)[0] = (byte)width;
        _page.Advance(1);
        if (_distinct == 1)
        {
            HybridEncoder.WriteRun(_page, 0, count);
        }
        else
        {
            HybridEncoder.WritePacked(_page, _values.AsSpan(0, count), width);
        }
    }

    /// <summary>Smallest and largest value, for the footer.</summary>
    public void SetBounds<T>(T minimum, T maximum)
        where T : unmanaged => SetBounds(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in minimum)), MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in maximum)));

    /// <summary>Smallest and largest value in the order of their bytes, for the footer.</summary>
    public void SetBounds(ReadOnlySpan<byte> minimum, ReadOnlySpan<byte> maximum)
    {
        _minimum.ResetWrittenCount();
        _minimum.Write(minimum);
        _maximum.ResetWrittenCount();
        _maximum.Write(maximum);
        _hasBounds = true;
    }

    /// <summary>Writes the pages to the file and the chunk's metadata (parquet.thrift, <c>ColumnChunk</c>) as the next element of a list.</summary>
    public void End(LakeColumn column, int rows, PageCodec codec, HashingFile file, ThriftWriter metadata)
    {
        var start = file.Length;
        if (_distinct > 0)
        {
            WritePage(PageType.Dictionary, _dictionary.WrittenSpan, _distinct, codec, file);
        }

        var data = file.Length;
        WritePage(PageType.Data, _page.WrittenSpan, rows, codec, file);

        metadata.BeginElement();
        metadata.I64(2, start);
        metadata.BeginStruct(3);
        metadata.I32(1, (int)FileFooter.Physical(column.Type));
        metadata.I32s(2, _distinct > 0 ? [(int)PageEncoding.Plain, (int)PageEncoding.Rle, (int)PageEncoding.RleDictionary] : [(int)PageEncoding.Plain, (int)PageEncoding.Rle]);
        metadata.TextList(3, column.Name);
        metadata.I32(4, (int)codec);
        metadata.I64(5, rows);
        metadata.I64(6, _rawBytes);
        metadata.I64(7, _fileBytes);
        metadata.I64(9, data);
        if (_distinct > 0)
        {
            metadata.I64(11, start);
        }

        metadata.BeginStruct(12);
        metadata.I64(3, _nulls);
        if (_hasBounds)
        {
            metadata.Binary(5, _maximum.WrittenSpan);
            metadata.Binary(6, _minimum.WrittenSpan);
        }

        metadata.EndStruct();
        metadata.EndStruct();
        metadata.EndStruct();
    }

    /// <summary>Raw bytes of the chunk just ended.</summary>
    public long RawBytes => _rawBytes;

    public void Dispose() => _compressor.Dispose();

    private Span<byte> Page => MemoryMarshal.AsMemory(_page.WrittenMemory).Span;

    private void WritePage(PageType type, ReadOnlySpan<byte> page, int values, PageCodec codec, HashingFile file)
    {
        var compressed = _compressor.Compress(page, codec);
        _header.Clear();
        _header.I32(1, (int)type);
        _header.I32(2, page.Length);
        _header.I32(3, compressed.Length);
        if (type == PageType.Data)
        {
            _header.BeginStruct(5);
            _header.I32(1, values);
            _header.I32(2, (int)(_distinct > 0 ? PageEncoding.RleDictionary : PageEncoding.Plain));
            _header.I32(3, (int)PageEncoding.Rle);
            _header.I32(4, (int)PageEncoding.Rle);
        }
        else
        {
            _header.BeginStruct(7);
            _header.I32(1, values);
            _header.I32(2, (int)PageEncoding.Plain);
        }

        _header.EndStruct();
        _header.EndStruct();
        file.Write(_header.Written);
        file.Write(compressed);
        _rawBytes += _header.Written.Length + page.Length;
        _fileBytes += _header.Written.Length + compressed.Length;
    }

    /// <summary>Gives every distinct text its number. False when they are too many for a dictionary to be smaller.</summary>
    private bool TryIndex(ReadOnlySpan<string?> values, int count)
    {
        if (_values.Length < count)
        {
            _values = new int[count];
        }

        var (most, at, last, lastIndex) = (count / 2, 0, (string?)null, 0);
        foreach (var value in values)
        {
            if (value is null)
            {
                continue;
            }

            if (!ReferenceEquals(value, last))
            {
                ref var index = ref CollectionsMarshal.GetValueRefOrAddDefault(_indices, value, out var isKnown);
                if (!isKnown)
                {
                    index = _distinct++;
                    WriteText(_dictionary, value);
                }

                (last, lastIndex) = (value, index);
                if (_distinct > most || _dictionary.WrittenCount > MostDictionaryBytes)
                {
                    break;
                }
            }

            _values[at++] = lastIndex;
        }

        if (at == count)
        {
            return true;
        }

        _distinct = 0;
        return false;
    }

    private static void WriteText(ArrayBufferWriter<byte> into, string value)
    {
        var span = into.GetSpan(sizeof(int) + Encoding.UTF8.GetMaxByteCount(value.Length));
        var length = Encoding.UTF8.GetBytes(value, span[sizeof(int)..]);
        BinaryPrimitives.WriteInt32LittleEndian(span, length);
        into.Advance(sizeof(int) + length);
    }

    private static ArrayBufferWriter<byte> Kept(ArrayBufferWriter<byte> writer)
    {
        if (writer.Capacity > KeptBytes)
        {
            return new ArrayBufferWriter<byte>();
        }

        writer.ResetWrittenCount();
        return writer;
    }
}
