using System.Diagnostics;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Simulation;
using IotAnalytics.Core.Simulation.Targets;

namespace IotAnalytics.Benchmarks.Throughput;

/// <summary>One run: a host in its own process, readings over HTTP from this one, everything counted from the files afterwards.</summary>
internal sealed class ThroughputRun(ThroughputOptions options, SensorProfile profile)
{
    private static readonly TimeSpan TotalsInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan WarmAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CaughtUpWithin = TimeSpan.FromMinutes(10);

    public async Task<ThroughputReport> RunAsync(CancellationToken cancellationToken)
    {
        var folder = options.DataDirectory is { } kept ? Directory.CreateDirectory(kept).FullName : Directory.CreateTempSubdirectory("iot-throughput-").FullName;
        try
        {
            return await RunAsync(folder, cancellationToken);
        }
        finally
        {
            if (options.DataDirectory is null)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private async Task<ThroughputReport> RunAsync(string folder, CancellationToken cancellationToken)
    {
        var bodies = options.Rate > 0
            ? null
            : RenderedBodies.Render(profile, options, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        var (host, ready) = await HostProcess.StartAsync(options.HostPath, options.Settings, folder, cancellationToken);
        await using var disposing = host;
        using var target = Target(host);
        using var probe = new VisibilityProbe(host, profile);
        using var probing = new CancellationTokenSource();
        var cpuBefore = host.Figures.CpuSeconds;
        var senderBefore = Environment.CpuUsage.TotalTime;

        var started = Stopwatch.GetTimestamp();
        var probes = probe.RunAsync(probing.Token, cancellationToken);
        await (bodies is null ? SendPacedAsync(target, cancellationToken) : SendAsync(target, bodies, cancellationToken));
        var acknowledged = Stopwatch.GetElapsedTime(started);
        var senderCpu = Environment.CpuUsage.TotalTime - senderBefore;
        await probing.CancelAsync();
        var totals = await WaitUntilCaughtUpAsync(host, () => target.Accepted + probe.Sent, probes, cancellationToken);
        var database = Stopwatch.GetElapsedTime(started);
        await host.StopAsync(cancellationToken);
        var endToEnd = Stopwatch.GetElapsedTime(started);

        var lake = LakeCount.Read(folder);
        var figures = host.Figures;
        var sent = target.Accepted + probe.Sent;
        var (visible, warm) = (probe.MillisecondsAfter(TimeSpan.Zero), probe.MillisecondsAfter(WarmAfter));
        return new ThroughputReport(
            sent, ready.TotalSeconds, acknowledged.TotalSeconds, database.TotalSeconds, endToEnd.TotalSeconds,
            sent / acknowledged.TotalSeconds, sent / database.TotalSeconds, sent / endToEnd.TotalSeconds,
            figures.CpuSeconds, (figures.CpuSeconds - cpuBefore) / sent * 1e6, senderCpu.TotalSeconds, figures.PeakBytes,
            Quantile(visible, 0.5), Quantile(visible, 0.99), Quantile(visible, 1), Quantile(warm, 0.5), Quantile(warm, 0.99), probe.Sent, probe.Missed,
            lake.BronzeRecords, lake.BronzeItems, lake.Silver, lake.Gold, totals.DeadLetters, totals.Duplicates, lake.Files, lake.Bytes,
            lake.BronzeItems == sent && lake.Silver + lake.Gold + totals.DeadLetters + totals.Duplicates == sent);
    }

    private HttpReadingsTarget Target(HostProcess host) => new(
        new HttpTargetOptions { Url = new Uri(host.Address, "/api/v1/readings"), Key = host.Key }, options.Connections, TimeProvider.System);

    private static Task SendAsync(HttpReadingsTarget target, IReadOnlyList<IReadOnlyList<byte[]>> bodies, CancellationToken cancellationToken) =>
        Task.WhenAll(bodies.Select(lane => Task.Run(
            async () =>
            {
                foreach (var body in lane)
                {
                    await target.SendAsync(body, cancellationToken);
                }
            },
            cancellationToken)));

    private Task SendPacedAsync(HttpReadingsTarget target, CancellationToken cancellationToken)
    {
        var simulated = new SimulationOptions { Sensors = options.Sensors, AnomalyRate = options.AnomalyRate };
        var batch = Math.Min(options.Batch, FleetSchedule.DefaultBatch(options.Rate));
        var schedule = new FleetSchedule(options.Rate, batch, (long)(options.Rate * options.Seconds));
        return new FleetSender(profile, simulated, schedule, target, truth: null, TimeProvider.System).RunAsync(cancellationToken);
    }

    /// <summary>Waits until the database has every reading and the probes have ended.</summary>
    private static async Task<PipelineTotals> WaitUntilCaughtUpAsync(
        HostProcess host, Func<long> sent, Task probes, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = host.Address };
        client.DefaultRequestHeaders.Add("X-Api-Key", host.Key);
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var totals = await PipelineTotals.GetAsync(client, cancellationToken);
            if (probes.IsCompleted && totals.Readings >= sent())
            {
                await probes;
                return totals;
            }

            if (Stopwatch.GetElapsedTime(started) > CaughtUpWithin)
            {
                throw new MeasurementException($"The pipeline has {totals.Readings} of {sent()} readings after {CaughtUpWithin}.");
            }

            await Task.Delay(TotalsInterval, cancellationToken);
        }
    }

    internal static double Quantile(double[] ascending, double q) =>
        ascending.Length == 0 ? double.NaN : ascending[Math.Clamp((int)Math.Ceiling(q * ascending.Length) - 1, 0, ascending.Length - 1)];
}
