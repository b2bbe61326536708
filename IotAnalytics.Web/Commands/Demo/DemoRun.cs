using System.Buffers;
using System.Diagnostics;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Simulation;
using IotAnalytics.Web.Hosting;

namespace IotAnalytics.Web.Commands.Demo;

/// <summary>
/// The owner's demo: five devices, 2.5 readings a second in all, records of ten readings, a tenth of them anomalous. The truth stays
/// here: the host gets the readings and nothing else.
/// </summary>
internal sealed class DemoRun(PipelineHost host, int seed, double seconds, double speed)
{
    private const int Devices = 5;
    private const int BatchSize = 10;
    private const double StepMs = 400;

    /// <summary>The first record pays for the compilation of the code that it is the first to run.</summary>
    private const int WarmUpBatches = 1;

    private readonly List<TruthRow> _truth = [];
    private readonly List<double> _latencies = [];

    /// <param name="progress">Told the number of readings sent and the number in all.</param>
    public async Task<DemoResult> RunAsync(Action<int, int>? progress, CancellationToken cancellationToken)
    {
        var total = Math.Max(1, (int)Math.Round(seconds * 1000 / StepMs));
        var profile = DemoHost.ProfileOf(host);
        var simulator = new SensorSimulator(profile, new SimulationOptions { Sensors = Devices, AnomalyRate = 0.1, Seed = seed });
        var wall = Stopwatch.StartNew();
        // Event time runs `speed` times as fast as the wall and both end together, now.
        var end = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() + (seconds * 1000 / speed);
        var first = end - (seconds * 1000);
        var body = new ArrayBufferWriter<byte>();
        for (var sent = 0; sent < total;)
        {
            var count = Math.Min(BatchSize, total - sent);
            body.ResetWrittenCount();
            simulator.NextBatch(count, first + (sent * StepMs), StepMs, body, _truth);
            var due = TimeSpan.FromMilliseconds((sent + count) * StepMs / speed);
            if (due > wall.Elapsed)
            {
                await Task.Delay(due - wall.Elapsed, cancellationToken);
            }

            await SendAsync(body.WrittenMemory, sent + count, cancellationToken);
            sent += count;
            progress?.Invoke(sent, total);
        }

        var flagged = await ReadFlaggedAsync(cancellationToken);
        return DemoResult.Of(profile, _truth, flagged, _latencies.Count > WarmUpBatches ? _latencies[WarmUpBatches..] : _latencies, host.LakeFolder);
    }

    private async Task SendAsync(ReadOnlyMemory<byte> body, int sent, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var result = await host.Ingestor.IngestAsync(body, idempotencyKey: null, recordTimeFromEvents: false, cancellationToken);
        if (result.Kind != IngestKind.Accepted)
        {
            throw new CommandException(CommandLine.Failed, $"the demo's readings were refused: {result.Kind}");
        }

        while (host.Monitor.Totals.Readings < sent)
        {
            if (host.Monitor.Impediment is { } reason)
            {
                throw new CommandException(CommandLine.Failed, $"the pipeline does not run: {reason}");
            }

            await Task.Delay(1, cancellationToken);
        }

        _latencies.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
    }

    private Task<HashSet<(string Sensor, long EventMs)>> ReadFlaggedAsync(CancellationToken cancellationToken) => host.Database.WriteAsync(
        transaction =>
        {
            using var command = transaction.Query("SELECT s.sensor_id, a.event_time FROM anomaly a JOIN sensor s ON s.sensor_key = a.sensor_key");
            using var reader = command.ExecuteReader();
            var flagged = new HashSet<(string, long)>();
            while (reader.Read())
            {
                flagged.Add((reader.GetString(0), reader.GetInt64(1)));
            }

            return flagged;
        },
        cancellationToken);
}
