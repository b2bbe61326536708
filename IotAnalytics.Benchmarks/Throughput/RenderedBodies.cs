using System.Buffers;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Simulation;

namespace IotAnalytics.Benchmarks.Throughput;

/// <summary>The bodies of an unpaced run, made before the clock starts; one list per connection, each with its own sensors.</summary>
internal static class RenderedBodies
{
    /// <param name="endMs">The newest event time, Unix milliseconds.</param>
    public static IReadOnlyList<IReadOnlyList<byte[]>> Render(SensorProfile profile, ThroughputOptions options, double endMs)
    {
        var lanes = new List<IReadOnlyList<byte[]>>(options.Connections);
        for (var lane = 0; lane < options.Connections; lane++)
        {
            var first = Share(options.Sensors, lane, options.Connections);
            var sensors = Share(options.Sensors, lane + 1, options.Connections) - first;
            var readings = Share(options.Readings, lane + 1, options.Connections) - Share(options.Readings, lane, options.Connections);
            var simulator = new SensorSimulator(
                profile, new SimulationOptions { Sensors = sensors, FirstSensor = 1 + first, AnomalyRate = options.AnomalyRate });
            lanes.Add(Render(simulator, readings, options, endMs));
        }

        return lanes;
    }

    private static List<byte[]> Render(SensorSimulator simulator, int readings, ThroughputOptions options, double endMs)
    {
        var step = options.SpanSeconds * 1_000 / readings;
        var bodies = new List<byte[]>(readings / options.Batch + 1);
        var buffer = new ArrayBufferWriter<byte>();
        for (var done = 0; done < readings; done += options.Batch)
        {
            buffer.ResetWrittenCount();
            simulator.NextBatch(Math.Min(options.Batch, readings - done), endMs - (readings - done) * step, step, buffer, truth: null);
            bodies.Add(buffer.WrittenSpan.ToArray());
        }

        return bodies;
    }

    private static int Share(long whole, int part, int parts) => (int)(whole * part / parts);
}
