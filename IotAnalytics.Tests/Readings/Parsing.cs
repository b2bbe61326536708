using System.Text;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Tests.Readings;

/// <summary>Records, profiles and parsers as the tests of this folder use them.</summary>
internal static class Parsing
{
    public const long Now = 1_767_225_600_000; // 2026-01-01T00:00:00Z

    public static ReadingRules Rules { get; } = new(16, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5));

    public static ProfileCatalog Climate { get; } = new([ClimateProfile.Default]);

    public static SensorProfile Profile(string name, params string[] measurements) => new(
        name,
        TimeSpan.FromSeconds(10),
        [.. measurements.Select(m => new MeasurementDefinition(m, "1", -100, 100, null, null))],
        [.. measurements.Select(m => new FeatureDefinition(m, m))],
        ClimateProfile.Default.Detectors);

    public static RecordBatch Records(params IEnumerable<string> values) => Records(Now, values.Select(Encoding.UTF8.GetBytes));

    public static RecordBatch Records(long recordTimeMs, IEnumerable<byte[]> values)
    {
        var batch = new RecordBatch();
        // The offset of the first is not 0, and its bytes do not begin at 0, so that a forgotten base shows.
        "before"u8.CopyTo(batch.Add(99, recordTimeMs, 6, [], null));
        var offset = 100;
        foreach (var value in values)
        {
            value.CopyTo(batch.Add(offset++, recordTimeMs, value.Length, "key"u8, null));
        }

        return batch;
    }

    public static MicroBatch Parse(RecordBatch records, ProfileCatalog? catalog = null, ReadingRules? rules = null)
    {
        var batch = new MicroBatch((catalog ?? Climate).Measurements.Length, 4);
        new ReadingParser(catalog ?? Climate, rules ?? Rules).Parse(records, 1, long.MaxValue, int.MaxValue, batch);
        return batch;
    }

    public static MicroBatch Parse(string value) => Parse(Records(value));

    public static string Id(this MicroBatch batch, int row) => Encoding.UTF8.GetString(batch.SensorId(row));

    public static double Value(this MicroBatch batch, int row, string measurement, ProfileCatalog? catalog = null) =>
        batch.Measurement((catalog ?? Climate).ColumnOf(measurement)) is { } column ? column[row] : double.NaN;

    public static string Payload(this MicroBatch batch, DeadLetter letter) =>
        Encoding.UTF8.GetString(batch.Records.Buffer.AsSpan(letter.PayloadStart, letter.PayloadLength));
}
