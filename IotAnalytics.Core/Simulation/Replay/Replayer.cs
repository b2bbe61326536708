using IotAnalytics.Core.Simulation.Targets;

namespace IotAnalytics.Core.Simulation.Replay;

/// <summary>
/// Replays files to a host: all of them at once, merged by event time. Memory is bounded by the open files' buffers (for Parquet a row
/// group each) and two bodies per lane.
/// </summary>
internal sealed class Replayer(IReadingsTarget target, ReplayOptions options, TimeProvider time)
{
    /// <summary>Files that may be replayed in one run, because all are open at once.</summary>
    public const int MaxFiles = 256;

    private const int MaxBodyReadings = 4_000;
    private const int MaxBodyBytes = 400_000;
    private const long EventWindowMs = 300_000;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1.5);

    /// <summary>At a pace: readings due within this time are sent now, so that a fast replay still has bodies of some size.</summary>
    private static readonly TimeSpan PaceGrain = TimeSpan.FromMilliseconds(20);

    private readonly ReplayLane[] _lanes = [.. Enumerable.Range(0, LanesFor(options)).Select(_ => new ReplayLane(target))];
    private IReadOnlyList<ReplayFile> _files = [];
    private long _sent;

    /// <summary>Bodies that may be under way at once. With record times from the events the order of all bodies counts, so one.</summary>
    public static int LanesFor(ReplayOptions options) => options.RecordTimeFromEvents ? 1 : 4;

    /// <summary>Readings taken from the files so far.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Rows left out because they could not be read.</summary>
    public long Skipped => _files.Sum(f => f.Skipped);

    /// <summary>Bytes of all files.</summary>
    public long TotalBytes { get; private set; }

    /// <summary>Bytes read so far.</summary>
    public long BytesRead => _files.Sum(f => f.Position);

    /// <summary>Replays to the end, or until <paramref name="stop"/>: bodies under way are then finished, which is no error.</summary>
    /// <exception cref="ReplayFormatException">A file cannot be replayed. What was read before it is sent.</exception>
    /// <exception cref="ReadingsTargetException">The host refused or did not answer.</exception>
    public async Task RunAsync(IReadOnlyList<string> paths, CancellationToken stop)
    {
        using var abandon = new CancellationTokenSource();
        await using var registration = stop.Register(() => abandon.CancelAfter(Grace)).ConfigureAwait(false);
        var files = new List<ReplayFile>(paths.Count);
        _files = files;
        try
        {
            foreach (var path in paths)
            {
                files.Add(await ReplayFile.OpenAsync(path, options, stop).ConfigureAwait(false));
            }

            TotalBytes = files.Sum(f => f.Length);
            try
            {
                await ReplayAsync(files, abandon.Token, stop).ConfigureAwait(false);
            }
            finally
            {
                await FinishAsync(abandon.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The user ended the run; the counts say how far it came.
        }
        finally
        {
            foreach (var file in files)
            {
                await file.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task ReplayAsync(List<ReplayFile> files, CancellationToken abandon, CancellationToken stop)
    {
        // Ties keep the order in which the files were given.
        var heads = new PriorityQueue<ReplayFile, (long EventMs, int File)>(files.Count);
        for (var i = 0; i < files.Count; i++)
        {
            if (await files[i].AdvanceAsync(options.SkipBad, stop).ConfigureAwait(false))
            {
                heads.Enqueue(files[i], (files[i].Row.EventMs, i));
            }
        }

        var started = time.GetTimestamp();
        long? first = null;
        var window = long.MinValue;
        while (heads.TryPeek(out var file, out var head))
        {
            var row = file.Row;
            first ??= row.EventMs;
            if (options.Speed is { } speed)
            {
                await PaceAsync(TimeSpan.FromMilliseconds((row.EventMs - first.Value) / speed), started, abandon, stop).ConfigureAwait(false);
            }

            var lane = _lanes[row.SensorHash % (uint)_lanes.Length];
            var rowWindow = options.RecordTimeFromEvents ? row.EventMs / EventWindowMs : window;
            if (rowWindow != window || lane.Readings >= MaxBodyReadings || lane.Bytes + row.Line.Length > MaxBodyBytes)
            {
                window = rowWindow;
                await lane.FlushAsync(abandon).ConfigureAwait(false);
                stop.ThrowIfCancellationRequested();
            }

            lane.Add(row.Line.Span);
            Interlocked.Increment(ref _sent);
            if (await file.AdvanceAsync(options.SkipBad, stop).ConfigureAwait(false))
            {
                heads.DequeueEnqueue(file, (row.EventMs, head.File));
            }
            else
            {
                heads.Dequeue();
            }
        }
    }

    /// <summary>Waits until a reading is due; what was due before is sent meanwhile.</summary>
    private async ValueTask PaceAsync(TimeSpan due, long started, CancellationToken abandon, CancellationToken stop)
    {
        var wait = due - time.GetElapsedTime(started);
        if (wait <= PaceGrain)
        {
            return;
        }

        foreach (var lane in _lanes)
        {
            await lane.FlushAsync(abandon).ConfigureAwait(false);
        }

        wait = due - time.GetElapsedTime(started);
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, stop).ConfigureAwait(false);
        }
    }

    private async Task FinishAsync(CancellationToken abandon)
    {
        try
        {
            foreach (var lane in _lanes)
            {
                await lane.FlushAsync(abandon).ConfigureAwait(false);
            }
        }
        finally
        {
            await Task.WhenAll(_lanes.Select(lane => lane.DrainAsync())).ConfigureAwait(false);
        }

        await target.FlushAsync(abandon).ConfigureAwait(false);
    }
}
