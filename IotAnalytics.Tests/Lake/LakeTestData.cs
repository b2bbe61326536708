using System.Text;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Tests.Lake;

/// <summary>Random micro-batches as the pipeline would make them, and what must be in the lake after them.</summary>
internal sealed class LakeTestData
{
    public const long Start = 1_767_225_600_000; // 2026-01-01T00:00:00Z

    private readonly Random _random;
    private readonly string[] _sensorIds;
    private long _offset;
    private long _time = Start;

    public LakeTestData(int seed, int sensors = 20, long firstOffset = 0)
    {
        _random = new Random(seed);
        _offset = firstOffset;
        Catalog = MakeCatalog("humidity", "temperature");
        Sensors = new SensorTable(Catalog);
        _sensorIds = [.. Enumerable.Range(0, sensors).Select(i => $"sensor_{i:000}")];
        foreach (var id in _sensorIds)
        {
            Sensors.Add(Encoding.UTF8.GetBytes(id), Catalog.IndexOf("climate"));
        }
    }

    public ProfileCatalog Catalog { get; }

    public SensorTable Sensors { get; }

    public IReadOnlyList<string?> Models { get; set; } = ["climate/1"];

    /// <summary>Milliseconds between two records.</summary>
    public int RecordInterval { get; set; } = 10_000;

    public List<ExpectedRow> Rows { get; } = [];

    public List<(long Offset, long RecordTimeMs, byte[] Value, int Items)> Records { get; } = [];

    public int DeadLetters { get; private set; }

    public int Duplicates { get; private set; }

    public static ProfileCatalog MakeCatalog(params string[] measurements) => new(
    [
        new SensorProfile(
            "climate", TimeSpan.FromSeconds(10), [.. measurements.Select(m => new MeasurementDefinition(m, "1", -1000, 1000, null, null))],
            [.. measurements.Select(m => new FeatureDefinition(m, m))], [new DetectorDefinition("IsolationForest", 10, 16, 0.1, 0.001)]),
    ]);

    /// <summary>A batch of <paramref name="records"/> records with up to <paramref name="items"/> items each.</summary>
    public MicroBatch NextBatch(int records, int items = 10, double anomalies = 0.1, double others = 0.1)
    {
        var batch = new MicroBatch(Catalog.Measurements.Length, records * items);
        var log = new RecordBatch();
        var perRecord = new int[records];
        for (var r = 0; r < records; r++)
        {
            perRecord[r] = _random.Next(1, items + 1);
            var value = Encoding.UTF8.GetBytes($"record {_offset} " + new string((char)('a' + (r % 26)), perRecord[r] * 20));
            value.CopyTo(log.Add(_offset, _time, value.Length, r % 3 == 0 ? "key"u8 : default, r % 5 == 0 ? """{"h":"ü"}""" : null));
            Records.Add((_offset, _time, value, perRecord[r]));
            _offset += 1 + (_random.Next(10) == 0 ? 3 : 0);
            _time += RecordInterval;
        }

        batch.Reset(log, 0);
        batch.NextRecord = records;
        for (var r = 0; r < records; r++)
        {
            for (var item = 0; item < perRecord[r]; item++)
            {
                AddItem(batch, r, item, anomalies, others);
            }
        }

        return batch;
    }

    private void AddItem(MicroBatch batch, int record, int item, double anomalies, double others)
    {
        var kind = _random.NextDouble();
        if (kind < others / 3)
        {
            // Unreadable: no row at all.
            batch.DeadLetters.Add(new DeadLetter(record, item, DeadLetterReasons.MalformedJson, "", "broken", 0, 0));
            DeadLetters++;
            return;
        }

        var row = batch.RowCount++;
        batch.EnsureCapacity(batch.RowCount);
        batch.Record[row] = record;
        batch.Item[row] = item;
        batch.Sensor[row] = _random.Next(_sensorIds.Length);
        batch.EventMs[row] = batch.Records[record].RecordTimeMs - _random.Next(0, 60_000);
        batch.Flags[row] = (ReadingFlags)(_random.Next(512) & ~(int)ReadingFlags.Duplicate);
        batch.Score[row] = _random.NextDouble();
        var temperature = _random.Next(8) == 0 ? double.NaN : Math.Round((_random.NextDouble() * 100) - 50, 3);
        var humidity = _random.Next(8) == 0 ? double.NaN : _random.Next(100) == 0 ? -0.0 : Math.Round(_random.NextDouble() * 100, 2);
        Set(batch, "temperature", row, temperature);
        Set(batch, "humidity", row, humidity);
        if (kind < others * 2 / 3)
        {
            batch.Outcome[row] = RowOutcome.DeadLetter;
            batch.DeadLetters.Add(new DeadLetter(record, item, DeadLetterReasons.UnknownProfile, "", "?", 0, 0));
            DeadLetters++;
            return;
        }

        if (kind < others)
        {
            batch.Outcome[row] = RowOutcome.Duplicate;
            Duplicates++;
            return;
        }

        var isAnomaly = _random.NextDouble() < anomalies;
        batch.Outcome[row] = isAnomaly ? RowOutcome.Anomaly : RowOutcome.Normal;
        if (isAnomaly)
        {
            batch.Anomalies.Add(new AnomalyDetail(row, 0.5, 0.001, "high", "temperature", """{"text":"ä"}""", "climate/1", "IsolationForest"));
        }
        else if (_random.Next(10) == 0)
        {
            batch.Score[row] = double.NaN;
        }

        Rows.Add(new ExpectedRow(
            batch.Records[record].Offset, item, _sensorIds[batch.Sensor[row]], batch.EventMs[row], batch.Records[record].RecordTimeMs,
            (int)batch.Flags[row], humidity, temperature, batch.Score[row], isAnomaly));
    }

    private void Set(MicroBatch batch, string measurement, int row, double value) =>
        batch.EnsureMeasurement(Catalog.ColumnOf(measurement))[row] = value;
}

internal sealed record ExpectedRow(
    long Offset, int Item, string SensorId, long EventMs, long RecordMs, int Flags, double Humidity, double Temperature, double Score, bool IsAnomaly);
