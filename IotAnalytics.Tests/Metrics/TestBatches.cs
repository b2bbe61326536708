using System.Text;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Tests.Metrics;

/// <summary>Batches made by the real parser and validator from text.</summary>
internal sealed class TestBatches
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly ReadingParser _parser;
    private readonly ReadingValidator _validator;
    private readonly MicroBatch _batch;
    private long _offset;

    public TestBatches(ProfileCatalog catalog)
    {
        var rules = new ReadingRules(16, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5));
        Catalog = catalog;
        Sensors = new SensorTable(catalog);
        _parser = new ReadingParser(catalog, rules);
        _validator = new ReadingValidator(catalog, rules);
        _batch = new MicroBatch(catalog.Measurements.Length, 16);
    }

    public ProfileCatalog Catalog { get; }

    public SensorTable Sensors { get; }

    public static string Reading(string sensor, double seconds, string members) =>
        $"{{\"sensor_id\":\"{sensor}\",\"timestamp\":{Start.ToUnixTimeMilliseconds() + (long)(seconds * 1000)},{members}}}";

    /// <summary>A parsed batch of one record per text; valid until the next call.</summary>
    public MicroBatch Parse(params string[] records)
    {
        var log = new RecordBatch();
        foreach (var record in records)
        {
            var bytes = Encoding.UTF8.GetBytes(record);
            bytes.CopyTo(log.Add(_offset++, Start.ToUnixTimeMilliseconds(), bytes.Length, [], headers: null));
        }

        _parser.Parse(log, 0, long.MaxValue, 65_536, _batch);
        return _batch;
    }

    /// <summary>A parsed and validated batch in which every row has the score.</summary>
    public MicroBatch Validate(double score, params string[] records)
    {
        var batch = Parse(records);
        _validator.Validate(batch, Sensors);
        batch.Score.AsSpan(0, batch.RowCount).Fill(score);
        return batch;
    }
}
