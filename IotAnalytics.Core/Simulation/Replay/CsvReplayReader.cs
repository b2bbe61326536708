using System.Globalization;
using System.Text;
using Sylvan.Data.Csv;

namespace IotAnalytics.Core.Simulation.Replay;

/// <summary>
/// CSV with a header; comma, semicolon, tab or bar, as the header shows. Every column beside <c>sensor_id</c> and <c>timestamp</c> is a
/// measurement; an empty cell is a missing value. A number goes on as it is written.
/// </summary>
internal sealed class CsvReplayReader : ReplayReader
{
    private const int MaxRecordChars = 1 << 20;

    private readonly TextReader _text;
    private readonly CsvDataReader _csv;
    private readonly int _sensorId;
    private readonly int _timestamp;
    private readonly (int Column, string Name, byte[] JsonName)[] _measurements;
    private long _line = 1;
    private long _nextLine;

    /// <param name="stream">Owned by the reader.</param>
    public CsvReplayReader(string file, Stream stream, ReplayOptions options)
        : base(file, options)
    {
        _text = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: true, bufferSize: 65_536);
        try
        {
            _csv = CsvDataReader.Create(_text, new CsvDataReaderOptions { BufferSize = 65_536, MaxBufferSize = MaxRecordChars });
        }
        catch (Exception e) when (e is CsvFormatException or FormatException or InvalidDataException or CsvRecordTooLargeException)
        {
            throw BadFile($"not a CSV with a header ({e.Message.TrimEnd('.')})", e);
        }

        var names = Enumerable.Range(0, _csv.FieldCount).Select(i => _csv.GetName(i).Trim()).ToArray();
        _sensorId = Find(names, SensorIdColumn);
        _timestamp = Find(names, TimestampColumn);
        _measurements = [.. names.Select((name, i) => (i, name, JsonName(name))).Where(m => m.i != _sensorId && m.i != _timestamp)];
        if (_measurements.Length == 0)
        {
            throw BadFile($"no measurement beside {SensorIdColumn} and {TimestampColumn} in the header");
        }

        if (names.Any(string.IsNullOrEmpty) || names.Distinct(StringComparer.Ordinal).Count() != names.Length)
        {
            throw BadFile($"the header has an empty or repeated name: {Shown(string.Join(", ", names))}");
        }

        _nextLine = 2;
    }

    public override ValueTask<bool> ReadAsync(ReplayRow row, CancellationToken cancellationToken)
    {
        if (!Advance())
        {
            return new ValueTask<bool>(false);
        }

        if (_csv.RowFieldCount != _csv.FieldCount)
        {
            throw BadRow($"{_csv.RowFieldCount} cells, the header has {_csv.FieldCount}");
        }

        AppendHead(row, _csv.GetFieldSpan(_sensorId).Trim(), _csv.GetFieldSpan(_timestamp).Trim());
        foreach (var (column, name, jsonName) in _measurements)
        {
            var cell = _csv.GetFieldSpan(column).Trim();
            if (!cell.IsEmpty)
            {
                row.Append(jsonName);
                AppendNumber(row, cell, name);
            }
        }

        row.Append("}\n"u8);
        return new ValueTask<bool>(true);
    }

    public override async ValueTask DisposeAsync()
    {
        await _csv.DisposeAsync().ConfigureAwait(false);
        _text.Dispose();
    }

    protected override string Where => $"line {_line}";

    private bool Advance()
    {
        try
        {
            _line = _nextLine;
            if (!_csv.Read())
            {
                return false;
            }

            _nextLine = _line + Math.Max(1, _csv.GetRawRecordSpan().Count('\n'));
            return true;
        }
        catch (Exception e) when (e is CsvFormatException or CsvRecordTooLargeException or InvalidDataException or DecoderFallbackException)
        {
            throw BadFile($"cannot be read after line {_line - 1} ({e.Message.TrimEnd('.')})", e);
        }
    }

    private int Find(string[] names, string column)
    {
        var at = Array.IndexOf(names, column);
        return at >= 0
            ? at
            : throw BadFile($"no column {column}; needed are {SensorIdColumn}, {TimestampColumn} and a measurement, the header has {Shown(string.Join(", ", names))}");
    }

    private void AppendNumber(ReplayRow row, ReadOnlySpan<char> cell, string name)
    {
        if (IsJsonNumber(cell))
        {
            row.AppendAscii(cell);
        }
        else if (double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value))
        {
            row.AppendNumber(value);
        }
        else
        {
            throw BadRow($"{name} '{Shown(cell)}' is not a number; accepted: 21.5, -3e-2 or an empty cell");
        }
    }

    /// <summary>The grammar of RFC 8259, §6.</summary>
    private static bool IsJsonNumber(ReadOnlySpan<char> cell)
    {
        var rest = cell.StartsWith("-") ? cell[1..] : cell;
        var whole = DigitsOf(rest);
        if (whole == 0 || (whole > 1 && rest[0] == '0'))
        {
            return false;
        }

        rest = rest[whole..];
        if (rest.StartsWith("."))
        {
            var fraction = DigitsOf(rest[1..]);
            if (fraction == 0)
            {
                return false;
            }

            rest = rest[(fraction + 1)..];
        }

        // An exponent may leave the range of a double: the slower way decides.
        return rest.IsEmpty && cell.Length <= 40;
    }

    private static int DigitsOf(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? text.Length : end;
    }
}
