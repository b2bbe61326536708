using System.Runtime.ExceptionServices;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>
/// Scores a large batch on several threads of the pool, a chunk of rows at a time. The caller takes part and never waits for a thread that
/// has not begun. Reused between calls.
/// </summary>
internal sealed unsafe class ParallelScoring : IThreadPoolWorkItem
{
    /// <summary>Below it one thread scores. A micro-batch has at most 8,191 rows and a record of 65,536, so the pipeline never gets here:
    /// its partitions are its threads.</summary>
    public const int FewestRows = 98_304;

    private const int ChunkRows = 8_192;

    /// <summary>One is kept; of two calls at once the second makes its own.</summary>
    private static ParallelScoring? s_spare;

    private readonly ManualResetEventSlim _done = new();
    private ForestLayout? _layout;
    private float[][] _features = [];
    private double* _scores;
    private int _rows;
    private int _chunks;

    /// <summary>The next chunk. Published last and beyond the end between calls, so that a thread that comes late finds nothing to do.</summary>
    private int _next = int.MaxValue / 2;
    private int _open;
    private Exception? _failure;

    /// <param name="threads">At least 1, the caller included.</param>
    public static void Run(ForestLayout layout, float[][] features, int rows, Span<double> scores, int threads)
    {
        var work = Interlocked.Exchange(ref s_spare, null) ?? new ParallelScoring();
        fixed (double* into = scores)
        {
            work.Run(layout, features, rows, into, threads);
        }

        s_spare = work;
    }

    void IThreadPoolWorkItem.Execute() => Work();

    private void Run(ForestLayout layout, float[][] features, int rows, double* scores, int threads)
    {
        _layout = layout;
        _features = features;
        _rows = rows;
        _scores = scores;
        _chunks = (rows + ChunkRows - 1) / ChunkRows;
        _open = _chunks;
        _failure = null;
        _done.Reset();
        Volatile.Write(ref _next, 0);
        for (var helper = 1; helper < Math.Min(threads, _chunks); helper++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        Work();
        _done.Wait();
        Volatile.Write(ref _next, int.MaxValue / 2);
        _layout = null;
        _features = [];
        if (_failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    private void Work()
    {
        while (true)
        {
            var chunk = Interlocked.Increment(ref _next) - 1;
            if (chunk >= Volatile.Read(ref _chunks))
            {
                return;
            }

            try
            {
                var start = chunk * ChunkRows;
                var count = Math.Min(ChunkRows, _rows - start);
                _layout!.Score(_features, start, count, new Span<double>(_scores + start, count));
            }
            catch (Exception e)
            {
                // Thrown again by the caller: a thread of the pool must not end the process.
                _failure = e;
            }

            if (Interlocked.Decrement(ref _open) == 0)
            {
                _done.Set();
            }
        }
    }
}
