using System.Collections.Immutable;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Sylvan.Data.Csv;

namespace IotAnalytics.Core.Modeling.Tabular;

/// <summary>
/// A CSV with a header, plain or gzip (told by its content), read once from front to back: memory does not grow with the file. Cells that
/// are empty, <c>NaN</c>, <c>NA</c> or <c>null</c> are missing.
/// </summary>
internal sealed class NumericCsv : IDisposable
{
    private const int MaxRecordChars = 1 << 22;
    private const int HeadBytes = 65_536;
    private static readonly string[] MissingTexts = ["nan", "na", "null"];

    private readonly FileStream _file;
    private readonly CsvDataReader _csv;
    private long _nextLine = 2;
    private long _bytesRead;

    private NumericCsv(string path, FileStream file, CsvDataReader csv, char delimiter)
    {
        Path = path;
        _file = file;
        _csv = csv;
        Delimiter = delimiter;
        Length = file.Length;
        Names = [.. Enumerable.Range(0, csv.FieldCount).Select(i => csv.GetName(i).Trim())];
    }

    public string Path { get; }
    public ImmutableArray<string> Names { get; }
    public char Delimiter { get; }

    /// <summary>Line of the current row, counted from 1 with the header.</summary>
    public long Line { get; private set; } = 1;

    /// <summary>Bytes of the file, packed if it is.</summary>
    public long Length { get; }

    /// <summary>Of <see cref="Length"/>, read so far; may be asked by another thread.</summary>
    public long BytesRead => Volatile.Read(ref _bytesRead);

    /// <exception cref="TabularInputException">Missing, empty, or not a CSV with a header.</exception>
    public static NumericCsv Open(string path)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1 << 16);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TabularInputException(e is FileNotFoundException or DirectoryNotFoundException ? $"{path}: no such file." : $"{path}: {e.Message}", e);
        }

        try
        {
            return Open(path, file);
        }
        catch (Exception e) when (IsFormatProblem(e))
        {
            file.Dispose();
            throw new TabularInputException($"{path}: not a CSV with a header ({e.Message.TrimEnd('.')}).", e);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Moves to the next row; false at the end.</summary>
    /// <exception cref="TabularInputException">The row has not as many cells as the header, or the file is damaged.</exception>
    public bool Read()
    {
        do
        {
            try
            {
                Line = _nextLine;
                if (!_csv.Read())
                {
                    Volatile.Write(ref _bytesRead, Length);
                    return false;
                }

                // A quoted cell may hold line breaks.
                _nextLine = Line + Math.Max(1, _csv.GetRawRecordSpan().Count('\n'));
            }
            catch (Exception e) when (IsFormatProblem(e))
            {
                throw new TabularInputException($"{Path}: cannot be read after line {Line - 1} ({e.Message.TrimEnd('.')}).", e);
            }
        }
        while (Names.Length > 1 && Record.IsWhiteSpace());

        Volatile.Write(ref _bytesRead, _file.Position);
        return _csv.RowFieldCount == _csv.FieldCount
            ? true
            : throw new TabularInputException($"{Path}: line {Line} has {_csv.RowFieldCount} cells, the header has {_csv.FieldCount}.");
    }

    /// <summary>The row as it stands in the file, without its line end.</summary>
    public ReadOnlySpan<char> Record => _csv.GetRawRecordSpan().TrimEnd("\r\n");

    public ReadOnlySpan<char> Cell(int column) => _csv.GetFieldSpan(column).Trim();

    /// <summary>The cell as a number; NaN when it is missing.</summary>
    /// <exception cref="TabularInputException">Not a number, or beyond the range of single precision.</exception>
    public float Number(int column)
    {
        var cell = Cell(column);
        if (PlainDecimal.TryRead(cell, out var value))
        {
            return value;
        }

        if (IsMissing(cell))
        {
            return float.NaN;
        }

        return float.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && float.IsFinite(value)
            ? value
            : throw new TabularInputException(
                $"{Path}: line {Line}, column {Names[column]}: '{Shown(cell)}' is not a finite number; accepted: 21.5, -3e-2, or nothing for a missing value.");
    }

    /// <summary>Whether the cell is a number or missing.</summary>
    public bool IsNumeric(int column) =>
        IsMissing(Cell(column)) || float.TryParse(Cell(column), NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    /// <summary>The columns of these names.</summary>
    /// <exception cref="TabularInputException">Names all that are missing.</exception>
    public int[] Find(IReadOnlyCollection<string> names)
    {
        var missing = names.Where(n => !Names.Contains(n)).ToArray();
        return missing.Length == 0
            ? [.. names.Select(n => Names.IndexOf(n))]
            : throw new TabularInputException($"{Path}: no column {string.Join(", ", missing)}; the header has {Shown(string.Join(", ", Names))}.");
    }

    public void Dispose()
    {
        _csv.Dispose();
        _file.Dispose();
    }

    private static NumericCsv Open(string path, FileStream file)
    {
        var (head, isPacked) = Head(file);
        if (head.AsSpan().TrimStart(" \t\r\n\uFEFF"u8).IsEmpty)
        {
            throw new TabularInputException($"{path}: the file is empty; accepted: a CSV with a header, gzip too.");
        }

        if (head.Contains((byte)0))
        {
            throw new TabularInputException($"{path}: not a CSV (binary data); accepted: a CSV with a header, gzip too.");
        }

        var delimiter = DelimiterOf(head);
        Stream content = isPacked ? new GZipStream(file, CompressionMode.Decompress) : file;
        var text = new StreamReader(content, Encoding.UTF8, detectEncodingFromByteOrderMarks: true, bufferSize: 65_536);
        var options = new CsvDataReaderOptions { BufferSize = 65_536, MaxBufferSize = MaxRecordChars, Delimiter = delimiter, OwnsReader = true };
        var csv = new NumericCsv(path, file, CsvDataReader.Create(text, options), delimiter);
        if (csv.Names.Any(string.IsNullOrEmpty) || csv.Names.Distinct(StringComparer.Ordinal).Count() != csv.Names.Length)
        {
            throw new TabularInputException($"{path}: the header has an empty or repeated name: {Shown(string.Join(", ", csv.Names))}.");
        }

        return csv.Names.All(n => float.TryParse(n, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            ? throw new TabularInputException($"{path}: the first line must name the columns; it has only numbers: {Shown(string.Join(", ", csv.Names))}.")
            : csv;
    }

    /// <summary>The first bytes of the content, unpacked; the file is at its start again afterwards.</summary>
    private static (byte[] Head, bool IsPacked) Head(FileStream file)
    {
        var head = new byte[HeadBytes];
        var length = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        var isPacked = length >= 2 && head is [0x1F, 0x8B, ..];
        file.Position = 0;
        if (isPacked)
        {
            using var unpacked = new GZipStream(file, CompressionMode.Decompress, leaveOpen: true);
            length = unpacked.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            file.Position = 0;
        }

        return (head[..length], isPacked);
    }

    /// <summary>The most frequent of comma, semicolon, tab and bar in the header.</summary>
    private static char DelimiterOf(byte[] head)
    {
        var end = head.AsSpan().IndexOf((byte)'\n');
        var header = head.AsSpan(0, end < 0 ? head.Length : end).ToArray();
        return ",;\t|".MaxBy(c => header.Count(b => b == c));
    }

    private static bool IsMissing(ReadOnlySpan<char> cell)
    {
        if (cell.IsEmpty)
        {
            return true;
        }

        foreach (var text in MissingTexts)
        {
            if (cell.Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsFormatProblem(Exception e) =>
        e is CsvFormatException or CsvRecordTooLargeException or FormatException or InvalidDataException or DecoderFallbackException;

    private static string Shown(ReadOnlySpan<char> text) => text.Length <= 100 ? text.ToString() : $"{text[..100]}…";
}
