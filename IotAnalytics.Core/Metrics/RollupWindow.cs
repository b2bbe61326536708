using System.Numerics;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Metrics;

/// <summary>
/// Per-sensor minutes of event time gathered between two commits, and each touched sensor's newest reading. Additive: windows may be
/// added to the database in any number of steps. Arrays are reused: a normal row allocates nothing once they have grown. Not thread-safe.
/// </summary>
internal sealed class RollupWindow(ProfileCatalog catalog)
{
    private const int Empty = -1;
    private int[] _slots = NewSlots(1024);
    private long[] _keys = new long[256];
    private RollupCell[] _cells = new RollupCell[256];
    private RollupValues[] _values = new RollupValues[512];
    private int _valueCount;
    private int[] _newestOf = [];
    private NewestReading[] _newest = new NewestReading[64];
    private double[] _newestValues = new double[128];
    private int _newestValueCount;

    /// <summary>Number of (sensor, minute) cells.</summary>
    public int CellCount { get; private set; }

    /// <summary>Number of sensors touched.</summary>
    public int SensorCount { get; private set; }

    public ReadOnlySpan<RollupCell> Cells => _cells.AsSpan(0, CellCount);

    public ReadOnlySpan<NewestReading> Newest => _newest.AsSpan(0, SensorCount);

    /// <summary>The values of a cell, one per measurement of its profile, in the profile's order.</summary>
    public ReadOnlySpan<RollupValues> ValuesOf(in RollupCell cell) =>
        _values.AsSpan(cell.FirstValue, catalog.ProfileColumns[cell.Profile].Length);

    /// <summary>The measurements of a sensor's newest reading, in the profile's order; NaN = missing.</summary>
    public ReadOnlySpan<double> ValuesOf(in NewestReading reading) =>
        _newestValues.AsSpan(reading.FirstValue, catalog.ProfileColumns[reading.Profile].Length);

    /// <summary>Adds the normal and anomalous rows of a batch.</summary>
    public void Add(MicroBatch batch, SensorTable sensors)
    {
        if (_newestOf.Length < sensors.Count)
        {
            var old = _newestOf.Length;
            Array.Resize(ref _newestOf, Math.Max(sensors.Count, old * 2));
            _newestOf.AsSpan(old).Fill(Empty);
        }

        for (var row = 0; row < batch.RowCount; row++)
        {
            if (batch.Outcome[row] > RowOutcome.Anomaly)
            {
                continue;
            }

            var sensor = batch.Sensor[row];
            var profile = sensors.ProfileOf(sensor);
            ref var cell = ref CellOf(sensor, profile, batch.EventMs[row] / 60_000);
            cell.Add(batch.Outcome[row], batch.Score[row]);
            var columns = catalog.ProfileColumns[profile];
            for (var m = 0; m < columns.Length; m++)
            {
                if (batch.Measurement(columns[m]) is { } column && !double.IsNaN(column[row]))
                {
                    _values[cell.FirstValue + m].Add(column[row]);
                }
            }

            KeepNewest(batch, row, sensor, profile);
        }
    }

    public void Clear()
    {
        foreach (ref readonly var newest in Newest)
        {
            _newestOf[newest.Sensor] = Empty;
        }

        _slots.AsSpan().Fill(Empty);
        CellCount = SensorCount = _valueCount = _newestValueCount = 0;
    }

    private void KeepNewest(MicroBatch batch, int row, int sensor, int profile)
    {
        var columns = catalog.ProfileColumns[profile];
        var index = _newestOf[sensor];
        if (index == Empty)
        {
            GrowTo(ref _newest, SensorCount + 1);
            GrowTo(ref _newestValues, _newestValueCount + columns.Length);
            index = _newestOf[sensor] = SensorCount++;
            _newest[index] = new NewestReading(sensor, profile, _newestValueCount) { EventMs = long.MinValue };
            _newestValueCount += columns.Length;
        }

        ref var newest = ref _newest[index];
        if (batch.EventMs[row] < newest.EventMs)
        {
            return;
        }

        newest.EventMs = batch.EventMs[row];
        newest.RecordMs = batch.RecordTimeMs(row);
        newest.Score = batch.Score[row];
        newest.Flags = batch.Flags[row];
        for (var m = 0; m < columns.Length; m++)
        {
            _newestValues[newest.FirstValue + m] = batch.Measurement(columns[m]) is { } column ? column[row] : double.NaN;
        }
    }

    private ref RollupCell CellOf(int sensor, int profile, long minute)
    {
        var key = ((long)sensor << 32) | (uint)minute;
        var mask = _slots.Length - 1;
        for (var slot = Hash(key) & mask; ; slot = (slot + 1) & mask)
        {
            var index = _slots[slot];
            if (index == Empty)
            {
                return ref NewCell(key, slot, sensor, profile, minute);
            }

            if (_keys[index] == key)
            {
                return ref _cells[index];
            }
        }
    }

    private ref RollupCell NewCell(long key, int slot, int sensor, int profile, long minute)
    {
        var width = catalog.ProfileColumns[profile].Length;
        GrowTo(ref _values, _valueCount + width);
        GrowTo(ref _cells, CellCount + 1);
        GrowTo(ref _keys, CellCount + 1);
        var index = CellCount++;
        _slots[slot] = index;
        _keys[index] = key;
        _cells[index] = new RollupCell(sensor, profile, minute, _valueCount) { ScoreMax = double.NaN };
        _values.AsSpan(_valueCount, width).Clear();
        _valueCount += width;
        if (CellCount * 2 > _slots.Length)
        {
            Rehash();
        }

        return ref _cells[index];
    }

    private void Rehash()
    {
        _slots = NewSlots(_slots.Length * 2);
        var mask = _slots.Length - 1;
        for (var i = 0; i < CellCount; i++)
        {
            var slot = Hash(_keys[i]) & mask;
            while (_slots[slot] != Empty)
            {
                slot = (slot + 1) & mask;
            }

            _slots[slot] = i;
        }
    }

    private static void GrowTo<T>(ref T[] array, int length)
    {
        if (length > array.Length)
        {
            Array.Resize(ref array, Math.Max(length, array.Length * 2));
        }
    }

    private static int Hash(long key) => (int)(BitOperations.RotateLeft((ulong)key * 0x9E3779B97F4A7C15UL, 29) & int.MaxValue);

    private static int[] NewSlots(int size)
    {
        var slots = new int[size];
        slots.AsSpan().Fill(Empty);
        return slots;
    }
}
