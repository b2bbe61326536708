using IotAnalytics.Core.Lake.Files;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using Parquet;

namespace IotAnalytics.Core.Lake.Queries;

/// <summary>Goes through the rows of one file that are of a profile and of a time, a row group at a time.</summary>
internal sealed class ProfileFileCursor : IAsyncDisposable
{
    private const int OffsetColumn = 2;
    private const int ItemColumn = 3;
    private const int SensorColumn = 4;
    private const int ProfileColumn = 5;
    private const int EventTimeColumn = 6;
    private const int FlagsColumn = 8;
    private const int FirstMeasurement = 9;

    private readonly ILakeStore _store;
    private readonly LakeTable _table;
    private readonly string _key;
    private readonly string _profile;
    private readonly long _fromMs;
    private readonly long _toMs;
    private readonly LakeSchema _schema;
    private readonly int[] _rest;
    private readonly List<int> _matches = [];
    private LakeFileReader? _file;
    private RowBuffer? _rows;
    private int _group;
    private int _next;

    public ProfileFileCursor(ILakeStore store, LakeTable table, LakeFile file, SensorProfile profile, long fromMs, long toMs)
    {
        (_store, _table, _key, _profile, _fromMs, _toMs) = (store, table, file.ObjectKey, profile.Name, fromMs, toMs);
        // What gold has beyond silver is not needed.
        _schema = LakeSchema.Silver(profile.Measurements.Select(m => m.Name));
        ScoreColumn = _schema.IndexOf("anomaly_score");
        _rest = [OffsetColumn, ItemColumn, SensorColumn, FlagsColumn, .. Enumerable.Range(FirstMeasurement, profile.Measurements.Length), ScoreColumn];
    }

    /// <summary>Rows of the row groups that are done or open.</summary>
    public long PassedRows { get; private set; }

    /// <summary>False: the row group is used up, or none was read yet.</summary>
    public bool IsAtRow => _next < _matches.Count;

    /// <summary>Of the next row.</summary>
    public (long Offset, int Item) Place => PlaceOf(_matches[_next]);

    private int ScoreColumn { get; }

    /// <summary>Reads the next row group that holds something; false at the end of the file.</summary>
    public async Task<bool> MoveToNextGroupAsync(ReadScratch scratch, CancellationToken cancellationToken)
    {
        _file ??= await LakeFileReader.OpenAsync(_store, _key, cancellationToken).ConfigureAwait(false);
        _rows ??= new RowBuffer(_schema);
        (_next, var found) = (0, false);
        _matches.Clear();
        while (!found && _group < _file.RowGroups)
        {
            using var reader = _file.Group(_group++);
            PassedRows += reader.RowCount;
            found = MayHold(reader) && await ReadAsync(reader, scratch, cancellationToken).ConfigureAwait(false);
        }

        return found;
    }

    /// <summary>Moves rows that come before <paramref name="bound"/> into the chunk, as many as it takes.</summary>
    public void TakeInto(ReadingChunk chunk, (long Offset, int Item) bound)
    {
        var rows = _rows!;
        for (; IsAtRow && !chunk.IsFull; _next++)
        {
            var row = _matches[_next];
            var (offset, item) = PlaceOf(row);
            if ((offset, item).CompareTo(bound) >= 0)
            {
                return;
            }

            var place = chunk.Add(
                offset, item, rows.Texts(SensorColumn).Values[row]!, rows.Times(EventTimeColumn).Values[row], (ReadingFlags)rows.Ints(FlagsColumn).Values[row],
                rows.Doubles(ScoreColumn).Values[row], isAnomaly: _table.Name == "gold");
            for (var m = 0; m < chunk.Values.Length; m++)
            {
                chunk.Values[m][place] = rows.Doubles(FirstMeasurement + m).Values[row];
            }
        }
    }

    public ValueTask DisposeAsync() => _file?.DisposeAsync() ?? ValueTask.CompletedTask;

    private (long Offset, int Item) PlaceOf(int row) => (_rows!.Longs(OffsetColumn).Values[row], _rows.Ints(ItemColumn).Values[row]);

    private bool MayHold(ParquetRowGroupReader reader) =>
        reader.GetStatistics(_file!.Field("event_time")!) is not { MinValue: DateTime earliest, MaxValue: DateTime latest }
        || (Ms(earliest) < _toMs && Ms(latest) >= _fromMs);

    private async Task<bool> ReadAsync(ParquetRowGroupReader reader, ReadScratch scratch, CancellationToken cancellationToken)
    {
        var rows = checked((int)reader.RowCount);
        _rows!.Resize(rows);
        await ReadAsync(ProfileColumn).ConfigureAwait(false);
        await ReadAsync(EventTimeColumn).ConfigureAwait(false);
        for (var row = 0; row < rows; row++)
        {
            var time = _rows.Times(EventTimeColumn).Values[row];
            if (time >= _fromMs && time < _toMs && _rows.Texts(ProfileColumn).Values[row] == _profile)
            {
                _matches.Add(row);
            }
        }

        if (_matches.Count == 0)
        {
            return false;
        }

        foreach (var column in _rest)
        {
            await ReadAsync(column).ConfigureAwait(false);
        }

        return true;

        Task ReadAsync(int column) =>
            _rows.Columns[column].ReadAsync(reader, _file!.Field(_schema.Columns[column].Name), rows, scratch, cancellationToken);
    }

    private static long Ms(DateTime time) => (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond;
}
