using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using IotAnalytics.Benchmarks.Throughput;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Simulation;
using IotAnalytics.Core.Simulation.Targets;

namespace IotAnalytics.Benchmarks.Training;

/// <summary>Fills a lake over HTTP, starts the host anew, so that its peak is that of the training, and trains.</summary>
internal sealed class TrainingMeasurement(TrainingOptions options, SensorProfile profile, TextWriter progress)
{
    private const int Slice = 1_000_000;
    private const int SecondsWithout = 30;

    /// <summary>Between two readings of a sensor.</summary>
    private const double SensorSeconds = 10;

    public async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        var folder = options.DataDirectory is { } kept ? Directory.CreateDirectory(kept).FullName : Directory.CreateTempSubdirectory("iot-training-").FullName;
        try
        {
            if (!File.Exists(Path.Combine(folder, "analytics.db")))
            {
                await FillAsync(folder, cancellationToken);
            }

            return await TrainAsync(folder, cancellationToken);
        }
        finally
        {
            if (options.DataDirectory is null)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private async Task FillAsync(string folder, CancellationToken cancellationToken)
    {
        var (host, _) = await HostProcess.StartAsync(options.HostPath, options.Settings, folder, cancellationToken);
        await using var disposing = host;
        using var target = new HttpReadingsTarget(new HttpTargetOptions { Url = new Uri(host.Address, "/api/v1/readings"), Key = host.Key }, 2, TimeProvider.System);
        var seconds = Slice * SensorSeconds / options.Sensors;
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        for (var slice = 1; slice <= options.Millions; slice++)
        {
            var bodies = RenderedBodies.Render(
                profile, new ThroughputOptions(options.HostPath, Slice, 5_000, options.Sensors, 2, 0, 0, seconds, 0.0005, null, []),
                now - (options.Millions - slice) * seconds * 1_000);
            await Task.WhenAll(bodies.Select(lane => Task.Run(
                async () =>
                {
                    foreach (var body in lane)
                    {
                        await target.SendAsync(body, cancellationToken);
                    }
                },
                cancellationToken)));
            await progress.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{slice} of {options.Millions} million readings sent"));
        }

        using var client = Client(host);
        while ((await PipelineTotals.GetAsync(client, cancellationToken)).Readings < target.Accepted)
        {
            await Task.Delay(200, cancellationToken);
        }

        await host.StopAsync(cancellationToken);
    }

    private async Task<string> TrainAsync(string folder, CancellationToken cancellationToken)
    {
        var (host, _) = await HostProcess.StartAsync(options.HostPath, options.Settings, folder, cancellationToken);
        await using var disposing = host;
        using var client = Client(host);
        var without = await VisibleAsync(host, () => Task.Delay(TimeSpan.FromSeconds(SecondsWithout), cancellationToken), cancellationToken);
        var peakBefore = host.Figures.PeakBytes;
        var cpuBefore = host.Figures.CpuSeconds;
        JsonElement run = default;
        var during = await VisibleAsync(host, async () => run = await RunOnceAsync(client, cancellationToken), cancellationToken);
        var figures = host.Figures;
        await host.StopAsync(cancellationToken);
        if (run.GetProperty("state").GetString() != "succeeded")
        {
            throw new MeasurementException($"The training {run.GetProperty("state")}: {run.GetProperty("error")}");
        }

        var seconds = (run.GetProperty("finished_at").GetDateTime() - run.GetProperty("started_at").GetDateTime()).TotalSeconds;
        var rows = run.GetProperty("rows_read").GetInt64();
        return string.Create(CultureInfo.InvariantCulture, $"""
            readings            {rows:N0}
            training            {seconds:F1} s, {rows / seconds:N0} readings/s; {figures.CpuSeconds - cpuBefore:F1} CPU s of the host meanwhile
            peak memory         {figures.PeakBytes >> 20} MiB; before {peakBefore >> 20} MiB
            visible without     p50 {Quantile(without, 0.5):F0} ms, p99 {Quantile(without, 0.99):F0} ms ({without.Length} probes at {options.Rate:N0} readings/s)
            visible meanwhile   p50 {Quantile(during, 0.5):F0} ms, p99 {Quantile(during, 0.99):F0} ms ({during.Length} probes)
            """);
    }

    private async Task<JsonElement> RunOnceAsync(HttpClient client, CancellationToken cancellationToken)
    {
        using var answer = await client.PostAsync(new Uri($"/api/v1/models/{profile.Name}/training-runs", UriKind.Relative), content: null, cancellationToken);
        answer.EnsureSuccessStatusCode();
        while (true)
        {
            var run = await client.GetFromJsonAsync<JsonElement>(answer.Headers.Location, cancellationToken);
            if (run.GetProperty("state").GetString() is not ("queued" or "running"))
            {
                return run;
            }

            await Task.Delay(200, cancellationToken);
        }
    }

    /// <summary>Sends at the rate while <paramref name="work"/> lasts; milliseconds from POST to visible, ascending.</summary>
    private async Task<double[]> VisibleAsync(HostProcess host, Func<Task> work, CancellationToken cancellationToken)
    {
        using var probe = new VisibilityProbe(host, profile);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var target = new HttpReadingsTarget(new HttpTargetOptions { Url = new Uri(host.Address, "/api/v1/readings"), Key = host.Key }, 2, TimeProvider.System);
        var probing = probe.RunAsync(over.Token, cancellationToken);
        var sending = options.Rate > 0 ? SendAsync(target, over.Token) : Task.CompletedTask;
        await work();
        await over.CancelAsync();
        await Task.WhenAll(probing, sending);
        return probe.MillisecondsAfter(TimeSpan.Zero);
    }

    private async Task SendAsync(HttpReadingsTarget target, CancellationToken over)
    {
        try
        {
            var schedule = new FleetSchedule(options.Rate, FleetSchedule.DefaultBatch(options.Rate), (long)(options.Rate * 3_600));
            await new FleetSender(
                profile, new SimulationOptions { Sensors = options.Sensors, AnomalyRate = 0.0005 }, schedule, target, truth: null, TimeProvider.System).RunAsync(over);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The training is over.
        }
    }

    private static HttpClient Client(HostProcess host)
    {
        var client = new HttpClient { BaseAddress = host.Address };
        client.DefaultRequestHeaders.Add("X-Api-Key", host.Key);
        return client;
    }

    private static double Quantile(double[] ascending, double q) => ThroughputRun.Quantile(ascending, q);
}
