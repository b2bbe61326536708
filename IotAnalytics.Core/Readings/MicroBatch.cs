using IotAnalytics.Core.CommitLog;

namespace IotAnalytics.Core.Readings;

/// <summary>
/// Readings of one partition as columns, in the order of (record, item). One instance per worker, reused for every batch:
/// a normal row allocates nothing. Not thread-safe.
/// </summary>
public sealed class MicroBatch
{
    private readonly double[]?[] _spare;
    private readonly double[]?[] _measurements;
    private int _rowCount;
    private int _idByteCount;

    // Rows below this may hold values; from here on every measurement column is NaN. That spares filling whole columns for small batches.
    private int _touchedRows;

    /// <param name="measurementColumns">Number of columns of the catalog.</param>
    /// <param name="capacity">Rows before the columns grow.</param>
    public MicroBatch(int measurementColumns, int capacity)
    {
        _measurements = new double[]?[measurementColumns];
        _spare = new double[]?[measurementColumns];
        Allocate(capacity);
    }

    /// <summary>The records; rows and dead letters point into them.</summary>
    public RecordBatch Records { get; private set; } = null!;

    /// <summary>Index of the first record of this batch within <see cref="Records"/>.</summary>
    public int FirstRecord { get; private set; }

    /// <summary>Index after the last record.</summary>
    public int NextRecord { get; set; }

    /// <summary>Offset of the first record.</summary>
    public long FirstOffset => Records[FirstRecord].Offset;

    /// <summary>Offset after the last record.</summary>
    public long NextOffset => Records[NextRecord - 1].Offset + 1;

    public int RowCount
    {
        get => _rowCount;
        set
        {
            _rowCount = value;
            _touchedRows = Math.Max(_touchedRows, value);
        }
    }

    public int Capacity { get; private set; }

    /// <summary>Index of the row's record within <see cref="Records"/>.</summary>
    public int[] Record { get; private set; } = [];

    /// <summary>Position of the item within its record.</summary>
    public int[] Item { get; private set; } = [];

    /// <summary>Where the item's bytes begin in the record buffer.</summary>
    public int[] ItemStart { get; private set; } = [];
    public int[] ItemLength { get; private set; } = [];

    /// <summary>Start of the sensor id in <see cref="IdBytes"/> when negative (as ~start), else in the record buffer.</summary>
    public int[] IdStart { get; private set; } = [];
    public int[] IdLength { get; private set; } = [];

    /// <summary>Ids that had to be unescaped.</summary>
    public byte[] IdBytes { get; set; } = [];

    /// <summary>Index in the worker's sensor table, set by the resolve step; -1 for a dead letter.</summary>
    public int[] Sensor { get; private set; } = [];

    /// <summary>Event time, Unix milliseconds.</summary>
    public long[] EventMs { get; private set; } = [];
    public ReadingFlags[] Flags { get; private set; } = [];
    public RowOutcome[] Outcome { get; private set; } = [];

    /// <summary>Anomaly score 0..1, NaN when not scored.</summary>
    public double[] Score { get; private set; } = [];

    /// <summary>Items that could not become readings, in no promised order.</summary>
    public List<DeadLetter> DeadLetters { get; } = [];

    /// <summary>One entry per anomalous row, by row.</summary>
    public List<AnomalyDetail> Anomalies { get; } = [];

    /// <summary>Rows that the shadow of an A/B split decided, by row; all others were decided by their profile's champion.</summary>
    public List<ShadowDecision> ShadowDecided { get; } = [];

    /// <summary>What champion and shadow say of the batch's rows; nothing without a shadow.</summary>
    public List<PairedMinute> Paired { get; } = [];

    /// <summary>A measurement's column; null when no row of the batch has it. NaN = missing.</summary>
    public double[]? Measurement(int column) => _measurements[column];

    /// <summary>A measurement's column for writing; filled with NaN when this batch had none.</summary>
    public double[] EnsureMeasurement(int column)
    {
        if (_measurements[column] is { } present)
        {
            return present;
        }

        var values = _spare[column];
        if (values is null)
        {
            values = new double[Capacity];
            values.AsSpan().Fill(double.NaN);
        }

        _spare[column] = null;
        return _measurements[column] = values;
    }

    /// <summary>The UTF-8 bytes of a row's sensor id.</summary>
    public ReadOnlySpan<byte> SensorId(int row) => IdStart[row] >= 0
        ? Records.Buffer.AsSpan(IdStart[row], IdLength[row])
        : IdBytes.AsSpan(~IdStart[row], IdLength[row]);

    /// <summary>The bytes of a row's item as received.</summary>
    public ReadOnlySpan<byte> Payload(int row) => Records.Buffer.AsSpan(ItemStart[row], ItemLength[row]);

    public long RecordTimeMs(int row) => Records[Record[row]].RecordTimeMs;
    public long Offset(int row) => Records[Record[row]].Offset;

    /// <summary>Empties the batch for records from <paramref name="firstRecord"/> on.</summary>
    public void Reset(RecordBatch records, int firstRecord)
    {
        Records = records;
        FirstRecord = NextRecord = firstRecord;
        RowCount = 0;
        _idByteCount = 0;
        DeadLetters.Clear();
        Anomalies.Clear();
        ShadowDecided.Clear();
        Paired.Clear();
        for (var i = 0; i < _measurements.Length; i++)
        {
            if (_measurements[i] is { } used)
            {
                used.AsSpan(0, _touchedRows).Fill(double.NaN);
                _spare[i] = used;
                _measurements[i] = null;
            }
        }

        _touchedRows = 0;
    }

    /// <summary>Drops the rows and dead letters of the records from <paramref name="record"/> on, and ends the batch there.
    /// Only between the parse and the validation: a validated row has already changed its sensor's state.</summary>
    /// <param name="record">An index within <see cref="Records"/>, above <see cref="FirstRecord"/> and at most <see cref="NextRecord"/>.</param>
    public void TruncateBefore(int record)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(record, FirstRecord);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(record, NextRecord);
        var rows = RowCount;
        while (rows > 0 && Record[rows - 1] >= record)
        {
            rows--;
        }

        TruncateRows(rows);
        var kept = 0;
        for (var i = 0; i < DeadLetters.Count; i++)
        {
            if (DeadLetters[i].Record < record)
            {
                DeadLetters[kept++] = DeadLetters[i];
            }
        }

        DeadLetters.RemoveRange(kept, DeadLetters.Count - kept);
        NextRecord = record;
    }

    /// <summary>Drops the rows from <paramref name="rows"/> on.</summary>
    internal void TruncateRows(int rows)
    {
        foreach (var values in _measurements)
        {
            values?.AsSpan(rows, RowCount - rows).Fill(double.NaN);
        }

        RowCount = rows;
    }

    /// <summary>Keeps an unescaped id in <see cref="IdBytes"/> and returns its <see cref="IdStart"/>.</summary>
    internal int AddIdBytes(ReadOnlySpan<byte> id)
    {
        if (_idByteCount + id.Length > IdBytes.Length)
        {
            var larger = new byte[Math.Max(_idByteCount + id.Length, Math.Max(256, IdBytes.Length * 2))];
            IdBytes.AsSpan(0, _idByteCount).CopyTo(larger);
            IdBytes = larger;
        }

        id.CopyTo(IdBytes.AsSpan(_idByteCount));
        _idByteCount += id.Length;
        return ~(_idByteCount - id.Length);
    }

    /// <summary>Makes room for <paramref name="rows"/> rows, keeping what is there.</summary>
    public void EnsureCapacity(int rows)
    {
        if (rows > Capacity)
        {
            Allocate(Math.Max(rows, Capacity * 2));
        }
    }

    private void Allocate(int capacity)
    {
        Record = Grow(Record, capacity);
        Item = Grow(Item, capacity);
        ItemStart = Grow(ItemStart, capacity);
        ItemLength = Grow(ItemLength, capacity);
        IdStart = Grow(IdStart, capacity);
        IdLength = Grow(IdLength, capacity);
        Sensor = Grow(Sensor, capacity);
        EventMs = Grow(EventMs, capacity);
        Flags = Grow(Flags, capacity);
        Outcome = Grow(Outcome, capacity);
        Score = Grow(Score, capacity);
        for (var i = 0; i < _measurements.Length; i++)
        {
            _spare[i] = null;
            if (_measurements[i] is { } used)
            {
                _measurements[i] = Grow(used, capacity);
                _measurements[i].AsSpan(Capacity).Fill(double.NaN);
            }
        }

        Capacity = capacity;
    }

    private static T[] Grow<T>(T[] array, int capacity)
    {
        Array.Resize(ref array, capacity);
        return array;
    }
}

/// <summary>What the anomaly table and gold say beyond the row's columns.</summary>
/// <param name="Row">Row of the micro-batch.</param>
/// <param name="Threshold">The model's threshold; the row's score is above it.</param>
/// <param name="Rarity">(1 + reference scores at or above) / (n + 1).</param>
/// <param name="Severity"><c>low</c>, <c>medium</c>, <c>high</c> or <c>critical</c>.</param>
/// <param name="TopMeasurement">The measurement that contributes most.</param>
/// <param name="ExplanationJson">The explanation as JSON, see the formats page.</param>
/// <param name="ModelVersion">Version that decided.</param>
/// <param name="Detector">Kind of the detector that decided.</param>
/// <param name="OtherVersion">Version that scored the row beside it; null for none.</param>
/// <param name="IsOtherAnomaly">Whether the row is above that version's threshold too.</param>
public readonly record struct AnomalyDetail(
    int Row, double Threshold, double Rarity, string Severity, string TopMeasurement, string ExplanationJson, string ModelVersion, string Detector,
    string? OtherVersion = null, bool? IsOtherAnomaly = null);

/// <summary>A row that a shadow decided.</summary>
/// <param name="Version">Of the shadow.</param>
public readonly record struct ShadowDecision(int Row, string Version);

/// <summary>Champion and shadow on the rows of a profile within a minute of record time.</summary>
/// <param name="Profile">Index in the catalog.</param>
/// <param name="Minute">Record time, minutes since 1970.</param>
public record struct PairedMinute(int Profile, long Minute, string Champion, string Shadow)
{
    /// <summary>Rows above both thresholds.</summary>
    public long Both { get; set; }
    public long ChampionOnly { get; set; }
    public long ShadowOnly { get; set; }
    public long Neither { get; set; }
    /// <summary>Time that the champion's scores took.</summary>
    public long ChampionNanoseconds { get; set; }
    public long ShadowNanoseconds { get; set; }

    public readonly long Rows => Both + ChampionOnly + ShadowOnly + Neither;
}
