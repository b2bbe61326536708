using System.Text.Json;
using System.Text.Unicode;
using IotAnalytics.Core.CommitLog;

namespace IotAnalytics.Core.Readings;

/// <summary>
/// Turns records into rows and dead letters; whatever the bytes are, every item becomes one or the other. The first byte that is not white space
/// decides the form: <c>[</c> begins an array, all or nothing for syntax; else the record is a sequence of JSON values (one object, NDJSON),
/// where a value that is not JSON costs the rest of its first line and reading goes on at the next. A byte order mark is skipped.
/// Reads without allocation while the readings are good. One per worker: not thread-safe.
/// </summary>
internal sealed class ReadingParser(ProfileCatalog catalog, ReadingRules rules)
{
    /// <summary>Part of the scoring plan: raised whenever the same bytes may give other rows.</summary>
    public const int Version = 1;

    // Depth is judged by the item parser. The reader must be able to pass the end of a deep value of an array;
    // in a sequence the item parser stops at once, which bounds how often the lines of an unclosed value are read again.
    private static readonly JsonReaderOptions ArrayOptions = new() { MaxDepth = int.MaxValue };
    private static readonly JsonReaderOptions SequenceOptions = new() { MaxDepth = int.MaxValue, AllowMultipleValues = true };

    private readonly ItemParser _item = new(catalog, rules);
    private readonly DateSet _dates = new();
    private MicroBatch _batch = null!;
    private int _record;
    private int _items;
    private int _rowsBefore;
    private int _deadLettersBefore;

    /// <summary>Resets the batch and fills it with the items of whole records: up to the end of <paramref name="records"/>, to the first record at or
    /// above <paramref name="stopBeforeOffset"/>, or until there are <paramref name="maxRows"/> rows and dead letters, of at least one record if there is one.
    /// Never throws because of the bytes.</summary>
    public void Parse(RecordBatch records, int firstRecord, long stopBeforeOffset, int maxRows, MicroBatch batch)
    {
        _batch = batch;
        batch.Reset(records, firstRecord);
        _record = firstRecord;
        while (_record < records.Count && records[_record].Offset < stopBeforeOffset
            && (_record == firstRecord || batch.RowCount + batch.DeadLetters.Count < maxRows))
        {
            ParseRecord(records.Value(_record), records[_record].ValueStart, records[_record].RecordTimeMs);
            _record++;
        }

        batch.NextRecord = _record;
    }

    private void ParseRecord(ReadOnlySpan<byte> value, int bufferStart, long recordTimeMs)
    {
        _items = 0;
        _rowsBefore = _batch.RowCount;
        _deadLettersBefore = _batch.DeadLetters.Count;
        _dates.Clear();
        var start = SkipWhiteSpace(value, value.StartsWith("\uFEFF"u8) ? 3 : 0);
        if (recordTimeMs == LogRecordInfo.NoTime)
        {
            RefuseRecord(DeadLetterReasons.MissingRecordTime, "the log stored no time with this record; accepted are records with a time (topic setting message.timestamp.type)");
        }
        else if (start == value.Length)
        {
            RefuseRecord(DeadLetterReasons.EmptyRecord, "the record is empty; accepted is an object, an array of objects or objects on lines");
        }
        else if (value[start] == '[')
        {
            _item.BeginRecord(_batch, recordTimeMs, depthOfItems: 1, stopWhenTooDeep: false);
            ParseArray(value[start..], bufferStart + start);
        }
        else
        {
            _item.BeginRecord(_batch, recordTimeMs, depthOfItems: 0, stopWhenTooDeep: true);
            ParseSequence(value, start, bufferStart);
        }
    }

    private void ParseArray(ReadOnlySpan<byte> value, int bufferStart)
    {
        if (!Utf8.IsValid(value))
        {
            RefuseRecord(DeadLetterReasons.MalformedJson, "the array is not valid UTF-8; nothing of it is accepted");
            return;
        }

        var reader = new Utf8JsonReader(value, ArrayOptions);
        try
        {
            reader.Read();
            while (ItemParser.Next(ref reader) != JsonTokenType.EndArray)
            {
                var start = (int)reader.TokenStartIndex;
                _item.Read(ref reader, bufferStart);
                if (!CompleteItem(bufferStart + start, (int)reader.BytesConsumed - start))
                {
                    return;
                }
            }

            // Without multiple values the reader throws on anything but white space behind the array.
            reader.Read();
            if (_items == 0)
            {
                RefuseRecord(DeadLetterReasons.EmptyRecord, "the array is empty; accepted is an array of at least one object");
            }
        }
        catch (JsonException exception)
        {
            _item.Discard();
            RefuseRecord(
                DeadLetterReasons.MalformedJson,
                $"the array is not valid JSON after byte {reader.BytesConsumed}, nothing of it is accepted: {Cause(exception)}");
        }
    }

    private void ParseSequence(ReadOnlySpan<byte> value, int start, int bufferStart)
    {
        var isUtf8 = Utf8.IsValid(value);
        while (start < value.Length)
        {
            start = TryReadItems(value, start, bufferStart, isUtf8);
            start = SkipWhiteSpace(value, start);
        }
    }

    // Reads items until the end or to one that is broken or too deep, and returns where to go on.
    private int TryReadItems(ReadOnlySpan<byte> value, int start, int bufferStart, bool isUtf8)
    {
        if (!CanBegin(value[start]))
        {
            return BreakItem(value, start, bufferStart, "its first character begins no JSON value");
        }

        var reader = new Utf8JsonReader(value[start..], SequenceOptions);
        var next = start;
        try
        {
            while (reader.Read())
            {
                var first = start + (int)reader.TokenStartIndex;
                if (!_item.Read(ref reader, bufferStart + start))
                {
                    var line = LineFrom(value, first);
                    return CompleteItem(bufferStart + first, line) ? first + line : value.Length;
                }

                next = start + (int)reader.BytesConsumed;
                if (!isUtf8 && !Utf8.IsValid(value[first..next]))
                {
                    _item.Discard();
                    return BreakItem(value, first, bufferStart, "not valid UTF-8");
                }

                if (!CompleteItem(bufferStart + first, next - first))
                {
                    return value.Length;
                }
            }

            return value.Length;
        }
        catch (JsonException exception)
        {
            _item.Discard();
            var first = SkipWhiteSpace(value, next);
            var after = Math.Max(0, start + (int)reader.BytesConsumed - first);
            return BreakItem(value, first, bufferStart, $"after byte {after}: {Cause(exception)}");
        }
    }

    // False when the whole record was refused.
    private bool CompleteItem(int start, int length)
    {
        if (_items == ReadingRules.MaxItemsPerRecord)
        {
            _item.Discard();
            return RefuseTooManyItems();
        }

        if (_item.Complete(_record, _items++, start, length) && !_dates.TryAdd(_item.EventMs))
        {
            RefuseRecord(DeadLetterReasons.TooManyDates, $"the record spans more than {ReadingRules.MaxDatesPerRecord} UTC dates; accepted are up to {ReadingRules.MaxDatesPerRecord}");
            return false;
        }

        return true;
    }

    private int BreakItem(ReadOnlySpan<byte> value, int start, int bufferStart, string cause)
    {
        if (_items == ReadingRules.MaxItemsPerRecord)
        {
            RefuseTooManyItems();
            return value.Length;
        }

        var length = LineFrom(value, start);
        _batch.DeadLetters.Add(new DeadLetter(
            _record, _items++, DeadLetterReasons.MalformedJson, "", JsonText.Detail($"not valid JSON, {cause}"), bufferStart + start, length));
        return start + length;
    }

    private bool RefuseTooManyItems()
    {
        RefuseRecord(DeadLetterReasons.TooManyItems, $"the record holds more than {ReadingRules.MaxItemsPerRecord} items; accepted are up to {ReadingRules.MaxItemsPerRecord}");
        return false;
    }

    // Replaces everything that the record gave by one dead letter.
    private void RefuseRecord(string reason, string detail)
    {
        ref readonly var record = ref _batch.Records[_record];
        _batch.TruncateRows(_rowsBefore);
        _batch.DeadLetters.RemoveRange(_deadLettersBefore, _batch.DeadLetters.Count - _deadLettersBefore);
        _batch.DeadLetters.Add(new DeadLetter(_record, 0, reason, "", JsonText.Detail(detail), record.ValueStart, record.ValueLength));
    }

    private static int LineFrom(ReadOnlySpan<byte> value, int start)
    {
        var newline = value[start..].IndexOf((byte)'\n');
        return newline < 0 ? value.Length - start : newline;
    }

    private static int SkipWhiteSpace(ReadOnlySpan<byte> value, int at)
    {
        var rest = value[at..].IndexOfAnyExcept(" \t\r\n"u8);
        return rest < 0 ? value.Length : at + rest;
    }

    // Spares an exception for every line of text that is no JSON at all.
    private static bool CanBegin(byte first) => first is (byte)'{' or (byte)'[' or (byte)'"' or (byte)'-' or (byte)'t' or (byte)'f' or (byte)'n' or (>= (byte)'0' and <= (byte)'9');

    // The reader's message without its line numbers, which count from where this reader began.
    private static string Cause(JsonException exception)
    {
        var end = exception.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? exception.Message : exception.Message[..end];
    }
}
