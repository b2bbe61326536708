using System.Buffers;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Simulation.Targets;

namespace IotAnalytics.Core.Simulation;

/// <summary>Lets a simulated fleet send its readings to a host, at a pace or as fast as they are taken.</summary>
internal sealed class FleetSender(
    SensorProfile profile, SimulationOptions options, FleetSchedule schedule, IReadingsTarget target, TruthFile? truth, TimeProvider time)
{
    /// <summary>How long bodies under way may take to be answered once the run is to stop.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1.5);

    private long _sent;

    /// <summary>Readings handed to the host so far, answered or not.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Runs to the end of the schedule, or until <paramref name="stop"/>: bodies under way are then finished, which is no error.</summary>
    /// <exception cref="ReadingsTargetException">The host refused or did not answer.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        using var abandon = new CancellationTokenSource();
        await using var registration = stop.Register(() => abandon.CancelAfter(Grace)).ConfigureAwait(false);
        var start = time.GetUtcNow().ToUnixTimeMilliseconds();
        var lanes = schedule.Lanes(options.Sensors);
        var senders = new List<Task>(lanes);
        for (var lane = 0; lane < lanes; lane++)
        {
            var first = Share(options.Sensors, lane, lanes);
            var after = Share(options.Sensors, lane + 1, lanes);
            var fleet = new SensorSimulator(profile, options with { Sensors = (int)(after - first), FirstSensor = options.FirstSensor + (int)first });
            long? count = schedule.Count is { } all ? Share(all, after, options.Sensors) - Share(all, first, options.Sensors) : null;
            senders.Add(Task.Run(() => SendLaneAsync(fleet, (int)(after - first), count, start, stop, abandon), CancellationToken.None));
        }

        await Task.WhenAll(senders).ConfigureAwait(false);
        try
        {
            await target.FlushAsync(abandon.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The grace of a stop is over; the summary counts what was not confirmed.
        }
    }

    private async Task SendLaneAsync(
        SensorSimulator fleet, int sensors, long? count, long start, CancellationToken stop, CancellationTokenSource abandon)
    {
        var paced = schedule.ReadingsPerSecond > 0;
        var step = paced
            ? 1_000 / (schedule.ReadingsPerSecond * sensors / options.Sensors)
            : profile.ExpectedInterval.TotalMilliseconds / sensors;
        var first = paced ? start : start - count!.Value * step;
        var body = new ArrayBufferWriter<byte>(64 * 1024);
        List<TruthRow>? rows = truth is null ? null : [];
        try
        {
            for (long done = 0; (count is null || done < count) && !stop.IsCancellationRequested;)
            {
                var due = (int)Math.Min(schedule.Batch, (count ?? long.MaxValue) - done);
                var at = first + done * step;
                if (paced && !await WaitUntilAsync(at + (due - 1) * step, stop).ConfigureAwait(false))
                {
                    return;
                }

                body.ResetWrittenCount();
                rows?.Clear();
                var written = fleet.NextBatch(due, at, step, body, rows);
                if (rows is not null)
                {
                    await truth!.WriteAsync(rows, abandon.Token).ConfigureAwait(false);
                }

                if (written > 0)
                {
                    Interlocked.Add(ref _sent, written);
                    await target.SendAsync(body.WrittenMemory, abandon.Token).ConfigureAwait(false);
                }

                done += due;
            }
        }
        catch (OperationCanceledException) when (abandon.IsCancellationRequested)
        {
            // Either the grace of a stop is over or another lane failed and tells its reason.
        }
        catch
        {
            // The other lanes must not go on for an endless run that has failed.
            await abandon.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task<bool> WaitUntilAsync(double unixMs, CancellationToken stop)
    {
        var wait = unixMs - time.GetUtcNow().ToUnixTimeMilliseconds();
        if (wait > 0)
        {
            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(wait), time, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The part-th boundary of <paramref name="whole"/> divided into <paramref name="parts"/>.</summary>
    private static long Share(long whole, long part, long parts) => (long)((Int128)whole * part / parts);
}
