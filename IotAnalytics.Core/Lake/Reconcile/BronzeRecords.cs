using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Lake.Files;

namespace IotAnalytics.Core.Lake.Reconcile;

/// <summary>
/// The records of one partition as bronze has them, in the order of their offsets, as the log gave them: value, key, headers and time. Files
/// of several dates may share a range of offsets, so they are merged. One caller at a time.
/// </summary>
/// <param name="files">Keys with their first offset.</param>
/// <param name="from">The first offset wanted.</param>
/// <param name="to">The offset after the last one wanted.</param>
internal sealed class BronzeRecords(ILakeStore store, IEnumerable<(string Key, long First)> files, long from, long to) : IAsyncDisposable
{
    private readonly Queue<(string Key, long First)> _waiting = new(files.OrderBy(f => f.First).ThenBy(f => f.Key, StringComparer.Ordinal));
    private readonly List<Cursor> _open = [];

    /// <summary>Clears <paramref name="into"/> and fills it with the next records, up to about <paramref name="maxBytes"/>; it stays empty at the end.</summary>
    /// <exception cref="InvalidDataException">A record is there twice, or a file is damaged.</exception>
    public async Task ReadAsync(RecordBatch into, int maxBytes, CancellationToken cancellationToken)
    {
        into.Clear();
        while (into.ByteCount < maxBytes && await NextAsync(cancellationToken).ConfigureAwait(false) is { } cursor && cursor.Offset < to)
        {
            if (into.Count > 0 && into[into.Count - 1].Offset >= cursor.Offset)
            {
                throw new InvalidDataException($"{cursor.Key}: record {cursor.Offset} is there twice.");
            }

            cursor.CopyTo(into);
            if (!await cursor.MoveAsync(cancellationToken).ConfigureAwait(false))
            {
                _open.Remove(cursor);
                await cursor.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var cursor in _open)
        {
            await cursor.DisposeAsync().ConfigureAwait(false);
        }

        _open.Clear();
    }

    /// <summary>The open file with the lowest offset, once no unopened one can hold a lower.</summary>
    private async Task<Cursor?> NextAsync(CancellationToken cancellationToken)
    {
        var lowest = _open.MinBy(c => c.Offset);
        while (_waiting.TryPeek(out var file) && (lowest is null || file.First <= lowest.Offset))
        {
            _waiting.Dequeue();
            var cursor = await Cursor.OpenAsync(store, file.Key, cancellationToken).ConfigureAwait(false);
            _open.Add(cursor);
            while (cursor.Offset < from)
            {
                if (!await cursor.MoveAsync(cancellationToken).ConfigureAwait(false))
                {
                    _open.Remove(cursor);
                    await cursor.DisposeAsync().ConfigureAwait(false);
                    break;
                }
            }

            lowest = _open.MinBy(c => c.Offset);
        }

        return lowest;
    }

    private sealed class Cursor(string key, LakeFileReader reader) : IAsyncDisposable
    {
        private readonly RowBuffer _rows = new(LakeSchema.Bronze);
        private readonly ReadScratch _scratch = new();
        private int _group = -1;
        private int _row;

        public string Key => key;

        public long Offset => _rows.Longs(2).Values[_row];

        public static async Task<Cursor> OpenAsync(ILakeStore store, string key, CancellationToken cancellationToken)
        {
            var cursor = new Cursor(key, await LakeFileReader.OpenAsync(store, key, cancellationToken).ConfigureAwait(false));
            return await cursor.MoveAsync(cancellationToken).ConfigureAwait(false) ? cursor : throw new InvalidDataException($"{key} has no rows.");
        }

        public async Task<bool> MoveAsync(CancellationToken cancellationToken)
        {
            if (_group >= 0 && ++_row < _rows.Rows)
            {
                return true;
            }

            while (++_group < reader.RowGroups)
            {
                await reader.ReadAsync(_group, _rows, _scratch, cancellationToken).ConfigureAwait(false);
                _row = 0;
                if (_rows.Rows > 0)
                {
                    return true;
                }
            }

            return false;
        }

        public void CopyTo(RecordBatch into)
        {
            var time = _rows.Times(3).Values[_row];
            var value = _rows.Binaries(7).Value(_row);
            value.CopyTo(into.Add(
                Offset, time == long.MinValue ? LogRecordInfo.NoTime : time, value.Length, _rows.Binaries(4).Value(_row), _rows.Texts(5).Values[_row]));
        }

        public ValueTask DisposeAsync() => reader.DisposeAsync();
    }
}
