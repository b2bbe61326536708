using System.Data.Common;
using System.Runtime.InteropServices;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Metrics;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Pipeline;

/// <summary>What the next T1 writes: anomalies, dead letters, totals and what shadows said of the micro-batches since the last one. Not thread-safe.</summary>
/// <param name="forwards">Whether dead letters are kept whole for <see cref="ICommitLog.ForwardDeadLettersAsync"/>, those above the cap too.</param>
/// <param name="fullAt">Rows at which the worker waits for the running T1 instead of gathering more.</param>
internal sealed class FastWindow(ProfileCatalog catalog, int deadLettersPerMinute, bool forwards = false, int fullAt = FastWindow.MostRows)
{
    private const int PayloadHead = 4096;
    private const int MostForwardedBytes = 1 << 20;

    private static readonly RowColumn[] AnomalyColumns =
    [
        new("source_id", RowType.Int32), new("partition", RowType.Int32), new("record_offset", RowType.Int64), new("item", RowType.Int32),
        new("sensor_key", RowType.Int32), new("event_time", RowType.Time), new("record_time", RowType.Time), new("detected_at", RowType.Time),
        new("anomaly_score", RowType.Double), new("threshold", RowType.Double), new("detector", RowType.Text), new("rarity", RowType.Double),
        new("severity", RowType.Text), new("top_measurement", RowType.Text), new("explanation", RowType.Json), new("measurements", RowType.Json),
        new("model_version", RowType.Text), new("flags", RowType.Int32),
        new("other_version", RowType.Text), new("is_other_anomaly", RowType.Boolean),
    ];

    private static readonly RowColumn[] DeadLetterColumns =
    [
        new("source_id", RowType.Int32), new("partition", RowType.Int32), new("record_offset", RowType.Int64), new("item", RowType.Int32),
        new("reason", RowType.Text), new("detail", RowType.Text), new("payload_head", RowType.Bytes), new("record_time", RowType.Time),
    ];

    private readonly List<PendingAnomaly> _anomalies = [];
    private readonly List<PendingDeadLetter> _deadLetters = [];
    private readonly List<ForwardedDeadLetter> _forwarded = [];
    private readonly Dictionary<string, long> _deadLetterReasons = [];
    private long _forwardedBytes;
    private long _deadLetterMinute = long.MinValue;
    private int _deadLettersInMinute;

    /// <summary>Anomalies and dead letters that all partitions of a host may hold back together, about: each is a row of a kilobyte.</summary>
    public const int MostRows = 12_000;

    public TotalsWindow Totals { get; } = new();

    public ShadowWindow Shadows { get; } = new();

    public IReadOnlyList<PendingAnomaly> Anomalies => _anomalies;

    /// <summary>All dead letters by reason, also those above the cap.</summary>
    public IReadOnlyDictionary<string, long> DeadLetterReasons => _deadLetterReasons;

    public IReadOnlyList<ForwardedDeadLetter> Forwarded => _forwarded;

    public bool IsFull => _anomalies.Count + Math.Max(_deadLetters.Count, _forwarded.Count) >= fullAt || _forwardedBytes >= MostForwardedBytes;

    /// <summary>Record time of the oldest record, for event-to-visible; <see cref="LogRecordInfo.NoTime"/> when there is none.</summary>
    public long OldestRecordMs { get; private set; } = LogRecordInfo.NoTime;

    public void Add(MicroBatch batch, SensorTable sensors)
    {
        if (OldestRecordMs == LogRecordInfo.NoTime)
        {
            OldestRecordMs = batch.Records[batch.FirstRecord].RecordTimeMs;
        }

        Totals.Add(batch, sensors);
        Shadows.Add(batch.Paired);
        foreach (ref readonly var detail in CollectionsMarshal.AsSpan(batch.Anomalies))
        {
            _anomalies.Add(Pending(batch, sensors, detail));
        }

        foreach (ref readonly var letter in CollectionsMarshal.AsSpan(batch.DeadLetters))
        {
            Add(batch, letter);
        }
    }

    /// <summary>Writes everything; part of T1.</summary>
    public void Write(DbTransaction transaction, PartitionClaim claim, long detectedAtMs)
    {
        WriteAnomalies(transaction, claim, detectedAtMs);
        WriteDeadLetters(transaction, claim);
        Totals.Write(transaction, claim.SourceId, claim.Partition, catalog);
        Shadows.Write(transaction, claim.SourceId, claim.Partition, catalog);
    }

    public void Clear()
    {
        _anomalies.Clear();
        _deadLetters.Clear();
        _forwarded.Clear();
        _forwardedBytes = 0;
        _deadLetterReasons.Clear();
        Totals.Clear();
        Shadows.Clear();
        OldestRecordMs = LogRecordInfo.NoTime;
    }

    private PendingAnomaly Pending(MicroBatch batch, SensorTable sensors, in AnomalyDetail detail)
    {
        var row = detail.Row;
        var sensor = batch.Sensor[row];
        var profile = sensors.ProfileOf(sensor);
        var columns = catalog.ProfileColumns[profile];
        Span<double> values = stackalloc double[columns.Length];
        for (var m = 0; m < columns.Length; m++)
        {
            values[m] = batch.Measurement(columns[m]) is { } column ? column[row] : double.NaN;
        }

        return new PendingAnomaly(
            batch.Offset(row), batch.Item[row], sensors.KeyOf(sensor), sensors.IdOf(sensor), batch.EventMs[row], batch.RecordTimeMs(row), batch.Score[row],
            batch.Flags[row], MeasurementJson.Write(catalog.Profiles[profile].Measurements, values), detail);
    }

    private void Add(MicroBatch batch, in DeadLetter letter)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(_deadLetterReasons, letter.Reason, out _)++;
        ref readonly var record = ref batch.Records[letter.Record];
        if (forwards)
        {
            var buffer = batch.Records.Buffer;
            _forwarded.Add(new ForwardedDeadLetter(
                record.Offset, letter.Item, letter.Reason, letter.Detail, record.RecordTimeMs, buffer.AsSpan(record.KeyStart, record.KeyLength).ToArray(),
                buffer.AsSpan(letter.PayloadStart, letter.PayloadLength).ToArray()));
            _forwardedBytes += letter.PayloadLength;
        }

        var minute = record.RecordTimeMs / 60_000;
        if (minute != _deadLetterMinute)
        {
            _deadLetterMinute = minute;
            _deadLettersInMinute = 0;
        }

        if (++_deadLettersInMinute > deadLettersPerMinute)
        {
            return;
        }

        var head = batch.Records.Buffer.AsSpan(letter.PayloadStart, Math.Min(letter.PayloadLength, PayloadHead)).ToArray();
        _deadLetters.Add(new PendingDeadLetter(record.Offset, letter.Item, letter.Reason, letter.Detail, head, record.RecordTimeMs));
    }

    private void WriteAnomalies(DbTransaction transaction, PartitionClaim claim, long detectedAtMs)
    {
        using var rows = RowWriter.Insert(transaction, "anomaly", AnomalyColumns);
        var detected = new DbTime(detectedAtMs);
        foreach (var a in _anomalies)
        {
            rows.Add(
                claim.SourceId, claim.Partition, a.Offset, a.Item, a.SensorKey, new DbTime(a.EventMs), new DbTime(a.RecordMs), detected, a.Score, a.Detail.Threshold, a.Detail.Detector,
                a.Detail.Rarity, a.Detail.Severity, a.Detail.TopMeasurement, a.Detail.ExplanationJson, a.MeasurementsJson, a.Detail.ModelVersion, (int)a.Flags,
                a.Detail.OtherVersion, a.Detail.IsOtherAnomaly);
        }

        rows.Complete();
    }

    private void WriteDeadLetters(DbTransaction transaction, PartitionClaim claim)
    {
        using var rows = RowWriter.Insert(transaction, "dead_letter", DeadLetterColumns);
        foreach (var letter in _deadLetters)
        {
            rows.Add(
                claim.SourceId, claim.Partition, letter.Offset, letter.Item, letter.Reason, letter.Detail, letter.PayloadHead,
                new DbTime(letter.RecordMs == LogRecordInfo.NoTime ? 0 : letter.RecordMs));
        }

        rows.Complete();
    }
}

/// <summary>An anomaly on its way to the database and the live feed.</summary>
internal sealed record PendingAnomaly(
    long Offset, int Item, int SensorKey, string SensorId, long EventMs, long RecordMs, double Score, ReadingFlags Flags, string MeasurementsJson, AnomalyDetail Detail);

/// <summary>A dead letter on its way to the database.</summary>
internal sealed record PendingDeadLetter(long Offset, int Item, string Reason, string Detail, byte[] PayloadHead, long RecordMs);
