using System.Buffers;
using System.Text.Json;

namespace IotAnalytics.Core.Readings;

/// <summary>
/// Turns one item of a record into a row of the batch, or into a dead letter that names the first thing wrong with it.
/// The row is written in place behind the batch's last row and counted only when the item turns out good.
/// </summary>
internal sealed class ItemParser(ProfileCatalog catalog, ReadingRules rules)
{
    internal const int MaxIdLength = 128;
    private static readonly SearchValues<byte> IdBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/-"u8);

    private readonly FieldTable _fields = new(catalog);
    private readonly long[] _seen = new long[FieldTable.FirstMeasurement + catalog.Measurements.Length];
    private readonly int[] _written = new int[catalog.Measurements.Length];
    private readonly byte[] _unescaped = new byte[MaxIdLength + 1];
    private long _stamp;
    private int _writtenCount;
    private MicroBatch _batch = null!;
    private int _row;
    private int _bufferStart;
    private int _depthOfItems;
    private bool _stopWhenTooDeep;
    private long _latestMs;
    private string? _reason;
    private string _field = "";
    private string _detail = "";

    /// <summary>The event time of the item that was read last; set when it is good.</summary>
    public long EventMs => _batch.EventMs[_row];

    /// <summary>Prepares for the items of a record.</summary>
    /// <param name="depthOfItems">The reader's depth at an item: 1 within an array, else 0.</param>
    /// <param name="stopWhenTooDeep">Whether a value nested too deep ends the reading of its item at once.</param>
    public void BeginRecord(MicroBatch batch, long recordTimeMs, int depthOfItems, bool stopWhenTooDeep)
    {
        _batch = batch;
        _depthOfItems = depthOfItems;
        _stopWhenTooDeep = stopWhenTooDeep;
        var skew = (long)rules.MaxFutureSkew.TotalMilliseconds;
        _latestMs = recordTimeMs > long.MaxValue - skew ? long.MaxValue : recordTimeMs + skew;
    }

    /// <summary>Reads the item on whose first token the reader stands, up to its last token.</summary>
    /// <param name="bufferStart">Where the reader's bytes begin in the record buffer.</param>
    /// <returns>False when the reading stopped within the item because of its depth.</returns>
    /// <exception cref="JsonException">The bytes are not JSON.</exception>
    public bool Read(ref Utf8JsonReader reader, int bufferStart)
    {
        _batch.EnsureCapacity(_batch.RowCount + 1);
        _row = _batch.RowCount;
        _bufferStart = bufferStart;
        _stamp++;
        _writtenCount = 0;
        _reason = null;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            Fault(DeadLetterReasons.NotAnObject, "", $"{Shown(ref reader)} is not accepted; a reading is an object with sensor_id, timestamp and measurements");
            return Skip(ref reader);
        }

        var previous = FieldTable.SensorId;
        while (Next(ref reader) != JsonTokenType.EndObject)
        {
            var field = FindField(ref reader, previous);
            Next(ref reader);
            if (field >= 0)
            {
                previous = field;
                if (_seen[field] == _stamp && _reason is null)
                {
                    Fault(DeadLetterReasons.DuplicateKey, _fields.Names[field], $"{_fields.Names[field]} is given twice; accepted is each field once");
                }

                _seen[field] = _stamp;
                if (_reason is null)
                {
                    ReadField(ref reader, field);
                }
            }

            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && !Skip(ref reader))
            {
                return false;
            }
        }

        if (_seen[FieldTable.SensorId] != _stamp)
        {
            Fault(DeadLetterReasons.MissingSensorId, "sensor_id", "sensor_id is missing; accepted are 1 to 128 characters of A-Z a-z 0-9 . _ : / -");
        }
        else if (_seen[FieldTable.Timestamp] != _stamp)
        {
            Fault(DeadLetterReasons.MissingTimestamp, "timestamp", "timestamp is missing; accepted is ISO-8601 with a zone, or integer Unix milliseconds");
        }

        return true;
    }

    /// <summary>Adds what was read to the batch.</summary>
    /// <returns>True for a row, false for a dead letter.</returns>
    public bool Complete(int record, int item, int start, int length)
    {
        if (_reason is { } reason)
        {
            Discard();
            _batch.DeadLetters.Add(new DeadLetter(record, item, reason, _field, _detail, start, length));
            return false;
        }

        _batch.Record[_row] = record;
        _batch.Item[_row] = item;
        _batch.ItemStart[_row] = start;
        _batch.ItemLength[_row] = length;
        _batch.Sensor[_row] = -1;
        _batch.Flags[_row] = ReadingFlags.None;
        _batch.Outcome[_row] = RowOutcome.Normal;
        _batch.Score[_row] = double.NaN;
        _batch.RowCount = _row + 1;
        _writtenCount = 0;
        return true;
    }

    /// <summary>Forgets what was read of an item that is not JSON.</summary>
    public void Discard()
    {
        foreach (var column in _written.AsSpan(0, _writtenCount))
        {
            _batch.EnsureMeasurement(column)[_row] = double.NaN;
        }

        _writtenCount = 0;
    }

    /// <summary>The next token, which must exist.</summary>
    internal static JsonTokenType Next(ref Utf8JsonReader reader) =>
        reader.Read() ? reader.TokenType : throw new JsonException("The text ends within a value.");

    private int FindField(ref Utf8JsonReader reader, int previous)
    {
        var name = reader.ValueSpan;
        if (reader.ValueIsEscaped)
        {
            var length = JsonText.UnescapeAscii(name, _unescaped);
            return length < 0 ? -1 : _fields.Find(_unescaped.AsSpan(0, length), previous);
        }

        return _fields.Find(name, previous);
    }

    private void ReadField(ref Utf8JsonReader reader, int field)
    {
        switch (field)
        {
            case FieldTable.SensorId:
                ReadSensorId(ref reader);
                break;
            case FieldTable.Timestamp:
                ReadTimestamp(ref reader);
                break;
            default:
                ReadMeasurement(ref reader, field);
                break;
        }
    }

    private void ReadSensorId(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            var id = reader.ValueSpan;
            if (reader.ValueIsEscaped)
            {
                var length = JsonText.UnescapeAscii(id, _unescaped);
                id = length < 0 ? [] : _unescaped.AsSpan(0, length);
            }

            if (id.Length is >= 1 and <= MaxIdLength && !id.ContainsAnyExcept(IdBytes))
            {
                _batch.IdStart[_row] = reader.ValueIsEscaped ? _batch.AddIdBytes(id) : _bufferStart + (int)reader.TokenStartIndex + 1;
                _batch.IdLength[_row] = id.Length;
                return;
            }
        }

        Fault(
            reader.TokenType == JsonTokenType.Null ? DeadLetterReasons.MissingSensorId : DeadLetterReasons.InvalidSensorId,
            "sensor_id",
            $"sensor_id: {Shown(ref reader)} is not accepted; accepted are 1 to 128 characters of A-Z a-z 0-9 . _ : / - as a string");
    }

    private void ReadTimestamp(ref Utf8JsonReader reader)
    {
        if (TryReadTimestamp(ref reader, out var ms))
        {
            if (ms >= ReadingRules.EarliestEventMs && ms <= _latestMs)
            {
                _batch.EventMs[_row] = ms;
                return;
            }

            var hint = reader.TokenType == JsonTokenType.Number ? " (integers are Unix milliseconds)" : "";
            Fault(
                DeadLetterReasons.TimeOutOfRange,
                "timestamp",
                $"timestamp: {Shown(ref reader)} is out of range{hint}; accepted is 2000-01-01 to {rules.MaxFutureSkew} after the record's time");
            return;
        }

        Fault(
            reader.TokenType == JsonTokenType.Null ? DeadLetterReasons.MissingTimestamp : DeadLetterReasons.InvalidTimestamp,
            "timestamp",
            $"timestamp: {Shown(ref reader)} is not accepted; accepted is ISO-8601 with a zone (2026-01-01T00:00:00.000Z) or integer Unix milliseconds");
    }

    private bool TryReadTimestamp(ref Utf8JsonReader reader, out long ms)
    {
        ms = 0;
        var text = reader.ValueSpan;
        if (reader.TokenType == JsonTokenType.Number)
        {
            if (!JsonNumber.IsInteger(text))
            {
                return false;
            }

            ms = JsonNumber.ToInt64(text);
            return true;
        }

        if (reader.TokenType == JsonTokenType.String && reader.ValueIsEscaped)
        {
            var length = JsonText.UnescapeAscii(text, _unescaped);
            text = length < 0 ? [] : _unescaped.AsSpan(0, length);
        }

        return reader.TokenType == JsonTokenType.String && EventTime.TryParse(text, out ms);
    }

    private void ReadMeasurement(ref Utf8JsonReader reader, int field)
    {
        if (reader.TokenType == JsonTokenType.Number)
        {
            var value = JsonNumber.ToDouble(reader.ValueSpan);
            if (double.IsFinite(value))
            {
                var column = field - FieldTable.FirstMeasurement;
                _written[_writtenCount++] = column;
                _batch.EnsureMeasurement(column)[_row] = value;
                return;
            }

            Fault(
                DeadLetterReasons.NotFinite,
                _fields.Names[field],
                $"{_fields.Names[field]}: {Shown(ref reader)} is beyond the range of a 64-bit float; accepted is a finite number or null");
        }
        else if (reader.TokenType != JsonTokenType.Null)
        {
            Fault(
                DeadLetterReasons.WrongType,
                _fields.Names[field],
                $"{_fields.Names[field]}: {Shown(ref reader)} is not accepted; accepted is a number or null");
        }
    }

    // From the first to the last token of a value; the item itself is at depth 1.
    private bool Skip(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
        {
            return true;
        }

        var depth = reader.CurrentDepth;
        do
        {
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray
                && reader.CurrentDepth - _depthOfItems + 1 > rules.MaxJsonDepth)
            {
                if (_reason is null)
                {
                    Fault(DeadLetterReasons.TooDeep, "", $"the item is nested deeper than {rules.MaxJsonDepth}; accepted is up to {rules.MaxJsonDepth}");
                }

                if (_stopWhenTooDeep)
                {
                    return false;
                }
            }

            Next(ref reader);
        }
        while (reader.CurrentDepth > depth);
        return true;
    }

    private void Fault(string reason, string field, string detail)
    {
        // The first fault is the one that is reported. Callers that may come here often ask before they make the text.
        if (_reason is null)
        {
            _reason = reason;
            _field = field;
            _detail = JsonText.Detail(detail);
        }
    }

    private static string Shown(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => $"\"{JsonText.Shorten(reader.ValueSpan)}\"",
        _ => JsonText.Shorten(reader.ValueSpan),
    };
}
