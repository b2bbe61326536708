using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Tests.Modeling.Training;

/// <summary>Simulated readings of a fleet of sensors as they come from the lake: levels of their own, a common day, noise, and what a test adds.</summary>
internal sealed class FleetReadings(int sensors, int seed)
{
    public const long Start = 1_767_225_600_000; // 2026-01-01T00:00:00Z
    public const long Hour = 3_600_000;
    public const long Day = 24 * Hour;

    public static SensorProfile Profile { get; } = new(
        "climate", TimeSpan.FromMinutes(2),
        [new MeasurementDefinition("humidity", "%", 0, 100, null, null), new MeasurementDefinition("temperature", "Cel", -50, 200, null, null)],
        [new FeatureDefinition("humidity", "humidity"), new FeatureDefinition("temperature", "temperature")],
        [new DetectorDefinition("IsolationForest", 100, 256, 0.1, 0.001)]);

    /// <summary>Milliseconds between two readings of a sensor.</summary>
    public Func<int, long> Interval { get; set; } = _ => 120_000;

    /// <summary>What a sensor is too warm and too dry, by sensor and event time, in standard deviations of the noise.</summary>
    public Func<int, long, double> Shift { get; set; } = (_, _) => 0;

    /// <summary>Amplitude of the day, in standard deviations of the noise.</summary>
    public double DayAmplitude { get; set; } = 3;

    public static string Id(int sensor) => $"sensor_{sensor:000}";

    /// <summary>Readings with from ≤ event time &lt; to, by time. The same time gives the same readings whatever window it is in.</summary>
    public IEnumerable<(int Sensor, long EventMs, double Humidity, double Temperature)> Readings(long from, long to)
    {
        var next = new PriorityQueue<int, (long, int)>();
        var levels = Enumerable.Range(0, sensors).Select(s => new Random(seed * 7_919 + s)).Select(r => (20 + 2 * r.NextDouble(), 50 + 4 * r.NextDouble())).ToArray();
        for (var s = 0; s < sensors; s++)
        {
            var interval = Interval(s);
            next.Enqueue(s, ((from + interval - 1) / interval * interval, s));
        }

        while (next.TryDequeue(out var sensor, out var at) && at.Item1 < to)
        {
            var (level, moisture) = levels[sensor];
            var (first, second) = Normals(sensor, at.Item1);
            var day = DayAmplitude * Math.Sin(2 * Math.PI * (at.Item1 % Day) / Day);
            yield return (sensor, at.Item1, moisture + first - day - Shift(sensor, at.Item1), level + 0.5 * (second + day + Shift(sensor, at.Item1)));
            next.Enqueue(sensor, (at.Item1 + Interval(sensor), sensor));
        }
    }

    public IEnumerable<ReadingColumns> Chunks(long from, long to, int rows = 8_192) => Chunks(Readings(from, to), rows);

    public static IEnumerable<ReadingColumns> Chunks(IEnumerable<(int Sensor, long EventMs, double Humidity, double Temperature)> readings, int rows)
    {
        var places = new Dictionary<int, int>();
        var ids = new List<string>();
        long offset = 0;
        foreach (var chunk in readings.Chunk(rows))
        {
            foreach (var (sensor, _, _, _) in chunk)
            {
                if (places.TryAdd(sensor, places.Count))
                {
                    ids.Add(Id(sensor));
                }
            }

            yield return new ReadingColumns
            {
                Rows = chunk.Length,
                Sensors = ids,
                Sensor = [.. chunk.Select(r => places[r.Sensor])],
                EventMs = [.. chunk.Select(r => r.EventMs)],
                Values = [[.. chunk.Select(r => r.Humidity)], [.. chunk.Select(r => r.Temperature)]],
                Flags = new ReadingFlags[chunk.Length],
                Score = new double[chunk.Length],
                IsAnomaly = new bool[chunk.Length],
                SourceId = 1,
                Partition = 0,
                Offset = [.. chunk.Select(_ => offset++)],
                Item = new int[chunk.Length],
            };
        }
    }

    /// <summary>Share of the readings of one sensor, or of all, that a model flags.</summary>
    public double AlarmRate(ModelSnapshot model, long from, long to, int? sensor = null)
    {
        var features = new SensorFeatures(Profile);
        long rows = 0, flagged = 0;
        foreach (var chunk in Chunks(from, to))
        {
            var table = features.Compute(chunk);
            table.Impute(model.FeatureMedians);
            var scores = table.Score(model.Detector);
            for (var r = 0; r < chunk.Rows; r++)
            {
                if (sensor is null || chunk.Sensors[chunk.Sensor[r]] == Id(sensor.Value))
                {
                    rows++;
                    flagged += scores[r] > model.Threshold ? 1 : 0;
                }
            }
        }

        return (double)flagged / rows;
    }

    /// <summary>Two standard normal numbers (Box, Muller 1958) of a hash.</summary>
    private (double, double) Normals(int sensor, long at)
    {
        var hash = unchecked((ulong)(seed * 1_000_003L + sensor) * 0x9E3779B97F4A7C15 ^ (ulong)at * 0xBF58476D1CE4E5B9);
        var (size, angle) = (Math.Sqrt(-2 * Math.Log(1 - Uniform(ref hash))), 2 * Math.PI * Uniform(ref hash));
        return (size * Math.Cos(angle), size * Math.Sin(angle));
    }

    /// <summary>SplitMix64.</summary>
    private static double Uniform(ref ulong state)
    {
        unchecked
        {
            var z = state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
        }
    }
}
