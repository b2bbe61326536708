using System.Security.Cryptography;
using System.Text.Json;
using IotAnalytics.Core.Lake.Files;
using IotAnalytics.Core.Lake.Upkeep;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Lake.Verification;

/// <summary>Reads one object and compares it with its row: length, hash, rows, statistics, date, owner, order of the rows.</summary>
internal sealed class FileCheck(ILakeStore store, LakeTable table, LakeFile file, List<string> findings)
{
    private readonly Dictionary<string, ColumnStatistics> _statistics = new(StringComparer.Ordinal);
    private RowIdentity? _last;
    private long _rows;

    /// <summary>Calls <paramref name="onRows"/> for every row group that could be read.</summary>
    /// <exception cref="FileNotFoundException">The object is missing.</exception>
    public async Task RunAsync(Action<RowBuffer> onRows, CancellationToken cancellationToken)
    {
        if (!await CheckBytesAsync(cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        try
        {
            await using var reader = await LakeFileReader.OpenAsync(store, file.ObjectKey, cancellationToken).ConfigureAwait(false);
            var measurements = reader.Columns.Where(c => !LakeSchema.ReservedNames.Contains(c)).Order(StringComparer.Ordinal);
            var schema = LakeSchema.Of(table, measurements);
            var (rows, scratch) = (new RowBuffer(schema), new ReadScratch());
            for (var group = 0; group < reader.RowGroups; group++)
            {
                await reader.ReadAsync(group, rows, scratch, cancellationToken).ConfigureAwait(false);
                CheckRows(rows);
                Observe(rows);
                _rows += rows.Rows;
                onRows(rows);
            }
        }
        catch (Exception e) when (e is InvalidDataException or Parquet.ParquetException or ArgumentException)
        {
            Find($"cannot be read: {e.Message}");
            return;
        }

        CheckStatistics();
    }

    private void Find(string what) => findings.Add($"{file.ObjectKey}: {what}");

    private async Task<bool> CheckBytesAsync(CancellationToken cancellationToken)
    {
        await using var stream = await store.OpenReadAsync(file.ObjectKey, cancellationToken).ConfigureAwait(false);
        if (stream.Length != file.ByteCount)
        {
            Find($"has {stream.Length} bytes, {file.ByteCount} are recorded");
        }

        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
        if (hash != file.Sha256)
        {
            Find($"has SHA-256 {hash}, {file.Sha256} is recorded");
            return false;
        }

        return true;
    }

    private void CheckRows(RowBuffer rows)
    {
        var isBronze = ReferenceEquals(rows.Schema, LakeSchema.Bronze);
        var day = file.PartitionDate.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;
        for (var row = 0; row < rows.Rows; row++)
        {
            var identity = RowIdentity.Of(rows, row);
            if (_last is { } before && identity.CompareTo(before) <= 0)
            {
                Find($"row {identity} follows {before}");
            }

            _last = identity;
            if ((identity.SourceId, identity.Partition) != (file.SourceId, file.Partition)
                || identity.RecordOffset < file.FirstOffset || identity.RecordOffset >= file.NextOffset)
            {
                Find($"row {identity} does not belong to source {file.SourceId}, partition {file.Partition}, offsets {file.FirstOffset} to {file.NextOffset}");
                return;
            }

            var rowDay = isBronze ? BronzeRows.DayOf(rows.Times(3).Values[row]) : ReadingRows.DayOf(rows.Times(6).Values[row]);
            if (rowDay != day)
            {
                Find($"row {identity} is of {ReadingRows.DateOf(rowDay):yyyy-MM-dd}");
                return;
            }
        }
    }

    private void Observe(RowBuffer rows)
    {
        foreach (var column in rows.Columns)
        {
            if (!_statistics.TryGetValue(column.Column.Name, out var statistics))
            {
                _statistics[column.Column.Name] = statistics = new ColumnStatistics();
            }

            for (var row = 0; row < rows.Rows; row++)
            {
                switch (column)
                {
                    case IntColumn ints:
                        statistics.AddLongs(ints.Values[row], ints.Values[row]);
                        break;
                    case LongColumn longs:
                        statistics.AddLongs(longs.Values[row], longs.Values[row]);
                        break;
                    case TimestampColumn times when times.Values[row] != long.MinValue:
                        statistics.AddLongs(times.Values[row], times.Values[row]);
                        break;
                    case DoubleColumn doubles when !double.IsNaN(doubles.Values[row]):
                        statistics.AddDoubles(doubles.Values[row], doubles.Values[row]);
                        break;
                    case TextColumn texts when texts.Values[row] is { } text:
                        statistics.AddText(text, text);
                        break;
                    case BinaryColumn:
                        break;
                    default:
                        statistics.NullCount++;
                        break;
                }
            }
        }
    }

    private void CheckStatistics()
    {
        if (_rows != file.RowCount)
        {
            Find($"has {_rows} rows, {file.RowCount} are recorded");
        }

        if (file.Stats is null)
        {
            return;
        }

        using var recorded = JsonDocument.Parse(file.Stats);
        if (recorded.RootElement.GetProperty("numRecords").GetInt64() != _rows)
        {
            Find($"has {_rows} rows, its statistics say {recorded.RootElement.GetProperty("numRecords")}");
        }

        foreach (var nulls in recorded.RootElement.GetProperty("nullCount").EnumerateObject())
        {
            var actual = _statistics.TryGetValue(nulls.Name, out var s) ? s.NullCount : _rows;
            if (nulls.Value.GetInt64() != actual)
            {
                Find($"column {nulls.Name} has {actual} nulls, its statistics say {nulls.Value}");
            }
        }

        CheckBounds(recorded.RootElement.GetProperty("minValues"), isUpper: false);
        CheckBounds(recorded.RootElement.GetProperty("maxValues"), isUpper: true);
    }

    private void CheckBounds(JsonElement bounds, bool isUpper)
    {
        foreach (var bound in bounds.EnumerateObject())
        {
            if (!_statistics.TryGetValue(bound.Name, out var s) || !Matches(bound.Value, s, isUpper))
            {
                Find($"column {bound.Name}: its statistics say {(isUpper ? "maximum" : "minimum")} {bound.Value}, which is not so");
            }
        }
    }

    private static bool Matches(JsonElement bound, ColumnStatistics actual, bool isUpper) => bound.ValueKind switch
    {
        JsonValueKind.Number when actual.HasDoubles => bound.GetDouble().Equals(isUpper ? actual.DoubleMax : actual.DoubleMin),
        JsonValueKind.Number => actual.HasLongs && bound.TryGetInt64(out var number) && number == (isUpper ? actual.LongMax : actual.LongMin),
        JsonValueKind.String when actual.HasLongs => bound.GetString() == FileStatistics.Time(isUpper ? actual.LongMax : actual.LongMin),
        JsonValueKind.String => bound.GetString() == (isUpper ? actual.TextMax : actual.TextMin),
        _ => false,
    };
}
