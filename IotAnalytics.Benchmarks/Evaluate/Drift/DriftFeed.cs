using System.Globalization;
using System.IO.Compression;

namespace IotAnalytics.Benchmarks.Evaluate.Drift;

/// <summary>Readings of temperature and humidity of some sensors, in the order of time.</summary>
/// <param name="Sensor">Place of the reading's sensor.</param>
internal sealed record DriftFeed(string Name, int[] Sensor, long[] EventMs, double[] Temperature, double[] Humidity)
{
    public int Rows => Sensor.Length;

    /// <summary>A file <c>sensor_id,timestamp,temperature,humidity</c>, gzip; rows with a missing value are left out. Null: there is none.</summary>
    /// <param name="isWanted">By sensor id.</param>
    public static DriftFeed? Load(string folder, string name, string label, Func<string, bool> isWanted)
    {
        var path = Path.Combine(folder, name + ".csv.gz");
        if (!File.Exists(path))
        {
            return null;
        }

        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        reader.ReadLine();
        var sensors = new Dictionary<string, int>(StringComparer.Ordinal);
        var rows = new List<(int Sensor, long EventMs, double Temperature, double Humidity)>();
        while (reader.ReadLine() is { } line)
        {
            var cells = line.Split(',');
            if (isWanted(cells[0]) && Number(cells[2]) is { } temperature && Number(cells[3]) is { } humidity)
            {
                sensors.TryAdd(cells[0], sensors.Count);
                rows.Add((sensors[cells[0]], DateTimeOffset.Parse(cells[1], CultureInfo.InvariantCulture).ToUnixTimeMilliseconds(), temperature, humidity));
            }
        }

        var ordered = rows.OrderBy(r => r.EventMs).ToArray();
        return new DriftFeed(
            $"{label}, {sensors.Count} sensors", [.. ordered.Select(r => r.Sensor)], [.. ordered.Select(r => r.EventMs)], [.. ordered.Select(r => r.Temperature)], [.. ordered.Select(r => r.Humidity)]);
    }

    public DriftFeed Slice(int first, int end) => new(Name, Sensor[first..end], EventMs[first..end], Temperature[first..end], Humidity[first..end]);

    public DriftFeed Then(DriftFeed next) =>
        new(Name, [.. Sensor, .. next.Sensor], [.. EventMs, .. next.EventMs], [.. Temperature, .. next.Temperature], [.. Humidity, .. next.Humidity]);

    private static double? Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null;
}
