using System.Collections.Concurrent;
using IotAnalytics.Core.Lake.Files;
using IotAnalytics.Core.Lake.Files.Format;

namespace IotAnalytics.Core.Lake;

/// <summary>
/// What the cuts of all partitions of a host share: permits, so that no more row groups are encoded at once than there are processors (each needs
/// memory of its own while it is compressed), and the buffers, which go from cut to cut.
/// </summary>
internal sealed class LakeEncoders
{
    private static readonly int Permits = Environment.ProcessorCount;

    /// <summary>Row groups of the three tables that are kept while nobody fills them: those that come out of the encoders.</summary>
    private static readonly int MaxPooled = 4 * Permits;

    /// <summary>Full row groups that wait or are encoded. A partition that fills one more waits with it: it would only fill memory.</summary>
    private static readonly int MostFull = 2 * Permits;

    private readonly SemaphoreSlim _free = new(Permits, Permits);
    private readonly SemaphoreSlim _full = new(MostFull, MostFull);
    private readonly List<RowBuffer> _buffers = [];
    private readonly ConcurrentStack<ColumnChunkWriter> _chunks = new();

    /// <summary>An empty row group; an older one of the same schema and size if there is one.</summary>
    public RowBuffer Rent(LakeSchema schema, double share)
    {
        lock (_buffers)
        {
            var found = _buffers.FindLastIndex(b => b.Share == share && b.Schema.HasColumnsOf(schema));
            if (found >= 0)
            {
                var buffer = _buffers[found];
                _buffers.RemoveAt(found);
                return buffer;
            }
        }

        return new RowBuffer(schema, share);
    }

    public void Return(RowBuffer buffer)
    {
        buffer.Clear();
        lock (_buffers)
        {
            if (_buffers.Count == MaxPooled)
            {
                // The one that was wanted least lately: profiles may have changed.
                _buffers.RemoveAt(0);
            }

            _buffers.Add(buffer);
        }
    }

    /// <summary>Waits until a full row group may be handed over; <see cref="Leave"/> when it has been encoded.</summary>
    public Task EnterAsync(CancellationToken cancellationToken) => _full.WaitAsync(cancellationToken);

    public void Leave() => _full.Release();

    /// <summary>Runs the work when a permit is free, with arrays that nobody else uses meanwhile.</summary>
    public async Task<long> RunAsync(Func<ColumnChunkWriter, long> encode, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
        var chunk = _chunks.TryPop(out var pooled) ? pooled : new ColumnChunkWriter();
        try
        {
            return await Task.Run(() => encode(chunk), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _chunks.Push(chunk);
            _free.Release();
        }
    }
}
