using System.Runtime.CompilerServices;
using IotAnalytics.Core.Lake.Files;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Lake.Queries;

/// <summary>
/// The files that may hold a profile's readings of a time, merged. Files of one table and date follow one another; those of silver and gold, and of
/// the dates of late readings, overlap. A file is opened when the stream has come to its first offset.
/// </summary>
internal sealed class ProfileReadings(ILakeStore store, LakeTables tables, IReadOnlyList<LakeFile> files, SensorProfile profile, long fromMs, long toMs)
{
    /// <summary>Rows of a chunk: its arrays are small enough to be collected young.</summary>
    public const int ChunkRows = 8_192;

    private readonly ReadScratch _scratch = new();
    private readonly ReadingSensors _sensors = new();

    /// <summary>Rows of the files, those of other profiles and times with them.</summary>
    public long FileRows { get; } = files.Sum(f => f.RowCount);

    /// <summary>Rows of them that were read or passed over.</summary>
    public long PassedRows { get; private set; }

    /// <summary>All of them, once.</summary>
    /// <inheritdoc cref="ProfileReadingsQuery.ReadAsync" path="/exception"/>
    public async IAsyncEnumerable<ReadingColumns> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var partition in files.GroupBy(f => (Source: f.SourceId ?? 0, Partition: f.Partition ?? 0)).OrderBy(g => g.Key))
        {
            var chunk = new ReadingChunk(ChunkRows, profile.Measurements.Length, _sensors);
            var open = new PriorityQueue<ProfileFileCursor, (long Offset, int Item)>();
            try
            {
                foreach (var file in partition)
                {
                    open.Enqueue(new ProfileFileCursor(store, tables.ByName(file.TableName), file, profile, fromMs, toMs), (file.FirstOffset ?? 0, -1));
                }

                while (open.TryDequeue(out var cursor, out _))
                {
                    // In no queue now: disposed here if anything goes wrong.
                    var isKept = false;
                    try
                    {
                        if (cursor.IsAtRow || await MoveAsync(cursor, cancellationToken).ConfigureAwait(false))
                        {
                            var bound = open.TryPeek(out _, out var next) ? next : (long.MaxValue, int.MaxValue);
                            while (cursor.IsAtRow && cursor.Place.CompareTo(bound) < 0)
                            {
                                cursor.TakeInto(chunk, bound);
                                if (chunk.IsFull)
                                {
                                    yield return chunk.Take(partition.Key.Source, partition.Key.Partition);
                                }
                            }

                            isKept = cursor.IsAtRow || await MoveAsync(cursor, cancellationToken).ConfigureAwait(false);
                        }
                    }
                    finally
                    {
                        if (!isKept)
                        {
                            await cursor.DisposeAsync().ConfigureAwait(false);
                        }
                    }

                    if (isKept)
                    {
                        open.Enqueue(cursor, cursor.Place);
                    }
                }
            }
            finally
            {
                foreach (var (cursor, _) in open.UnorderedItems)
                {
                    await cursor.DisposeAsync().ConfigureAwait(false);
                }
            }

            if (chunk.Rows > 0)
            {
                yield return chunk.Take(partition.Key.Source, partition.Key.Partition);
            }
        }
    }

    private async Task<bool> MoveAsync(ProfileFileCursor cursor, CancellationToken cancellationToken)
    {
        var before = cursor.PassedRows;
        var isAtRow = await cursor.MoveToNextGroupAsync(_scratch, cancellationToken).ConfigureAwait(false);
        PassedRows += cursor.PassedRows - before;
        return isAtRow;
    }
}
