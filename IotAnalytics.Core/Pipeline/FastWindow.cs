using System.Data.Common;
using System.Runtime.InteropServices;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Metrics;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Pipeline;

/// <summary>What the next T1 writes: anomalies, dead letters and totals of the micro-batches since the last one. Not thread-safe.</summary>
internal sealed class FastWindow(ProfileCatalog catalog, int deadLettersPerMinute)
{
    private const int PayloadHead = 4096;
    private readonly List<PendingAnomaly> _anomalies = [];
    private readonly List<PendingDeadLetter> _deadLetters = [];
    private readonly Dictionary<string, long> _deadLetterReasons = [];
    private long _deadLetterMinute = long.MinValue;
    private int _deadLettersInMinute;

    /// <summary>Rows at which the worker waits for the running T1 instead of gathering more.</summary>
    public const int FullAt = 20_000;

    public TotalsWindow Totals { get; } = new();

    public IReadOnlyList<PendingAnomaly> Anomalies => _anomalies;

    /// <summary>All dead letters by reason, also those above the cap.</summary>
    public IReadOnlyDictionary<string, long> DeadLetterReasons => _deadLetterReasons;

    public bool IsFull => _anomalies.Count + _deadLetters.Count >= FullAt;

    /// <summary>Record time of the oldest record, for event-to-visible; <see cref="LogRecordInfo.NoTime"/> when there is none.</summary>
    public long OldestRecordMs { get; private set; } = LogRecordInfo.NoTime;

    public void Add(MicroBatch batch, SensorTable sensors)
    {
        if (OldestRecordMs == LogRecordInfo.NoTime)
        {
            OldestRecordMs = batch.Records[batch.FirstRecord].RecordTimeMs;
        }

        Totals.Add(batch, sensors);
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
    }

    public void Clear()
    {
        _anomalies.Clear();
        _deadLetters.Clear();
        _deadLetterReasons.Clear();
        Totals.Clear();
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
        using var command = transaction.Command(
            """
            INSERT INTO anomaly (source_id, partition, record_offset, item, sensor_key, event_time, record_time, detected_at, anomaly_score, threshold,
              detector, rarity, severity, top_measurement, explanation, measurements, model_version, flags)
            VALUES (@s, @p, @offset, @item, @key, @event, @record, @detected, @score, @threshold, @detector, @rarity, @severity, @top, @explanation, @values, @version, @flags)
            """,
            "@s", "@p", "@offset", "@item", "@key", "@event", "@record", "@detected", "@score", "@threshold", "@detector", "@rarity", "@severity", "@top",
            "@explanation", "@values", "@version", "@flags");
        foreach (var a in _anomalies)
        {
            command.Run(
                claim.SourceId, claim.Partition, a.Offset, a.Item, a.SensorKey, a.EventMs, a.RecordMs, detectedAtMs, a.Score, a.Detail.Threshold, a.Detail.Detector,
                a.Detail.Rarity, a.Detail.Severity, a.Detail.TopMeasurement, a.Detail.ExplanationJson, a.MeasurementsJson, a.Detail.ModelVersion, (int)a.Flags);
        }
    }

    private void WriteDeadLetters(DbTransaction transaction, PartitionClaim claim)
    {
        using var command = transaction.Command(
            """
            INSERT INTO dead_letter (source_id, partition, record_offset, item, reason, detail, payload_head, record_time)
            VALUES (@s, @p, @offset, @item, @reason, @detail, @head, @record)
            """,
            "@s", "@p", "@offset", "@item", "@reason", "@detail", "@head", "@record");
        foreach (var letter in _deadLetters)
        {
            command.Run(
                claim.SourceId, claim.Partition, letter.Offset, letter.Item, letter.Reason, letter.Detail, letter.PayloadHead,
                letter.RecordMs == LogRecordInfo.NoTime ? 0 : letter.RecordMs);
        }
    }
}

/// <summary>An anomaly on its way to the database and the live feed.</summary>
internal sealed record PendingAnomaly(
    long Offset, int Item, int SensorKey, string SensorId, long EventMs, long RecordMs, double Score, ReadingFlags Flags, string MeasurementsJson, AnomalyDetail Detail);

/// <summary>A dead letter on its way to the database.</summary>
internal sealed record PendingDeadLetter(long Offset, int Item, string Reason, string Detail, byte[] PayloadHead, long RecordMs);
