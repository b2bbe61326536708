namespace IotAnalytics.Core.Readings;

/// <summary>
/// Finds the sensor of every row, binds new sensors to a profile, and flags what is unusual. The only place that changes a <see cref="SensorTable"/>,
/// and it does so from the rows alone, so that the same records give the same flags at any time. One per worker: not thread-safe.
/// </summary>
internal sealed class ReadingValidator(ProfileCatalog catalog, ReadingRules rules)
{
    // Ten years of 365.25 days.
    private const long SuspectBehindMs = 315_576_000_000;

    private readonly ProfileBounds[] _profiles = [.. catalog.Profiles.Select((p, i) => new ProfileBounds(p, [.. catalog.ProfileColumns[i]]))];
    private readonly ProfileBinder _binder = new(catalog);
    private readonly ForeignMeasurements _foreign = new(catalog);
    private readonly long _lateAfterMs = (long)rules.LateAfter.TotalMilliseconds;
    private readonly double[]?[] _columns = new double[]?[catalog.Measurements.Length];
    private readonly double[] _values = new double[catalog.Measurements.Length];

    /// <summary>Sets <see cref="MicroBatch.Sensor"/>, <see cref="MicroBatch.Flags"/> and <see cref="MicroBatch.Outcome"/> of every row,
    /// adds the dead letters of sensors that cannot be bound, and clears measurements that the sensor's profile does not have.</summary>
    public void Validate(MicroBatch batch, SensorTable sensors)
    {
        for (var column = 0; column < _columns.Length; column++)
        {
            _columns[column] = batch.Measurement(column);
        }

        var record = -1;
        long recordTimeMs = 0;
        for (var row = 0; row < batch.RowCount; row++)
        {
            if (batch.Record[row] != record)
            {
                record = batch.Record[row];
                recordTimeMs = batch.Records[record].RecordTimeMs;
            }

            var sensor = sensors.Find(batch.SensorId(row));
            if (sensor < 0)
            {
                sensor = _binder.Bind(batch, row, sensors);
            }

            batch.Sensor[row] = sensor;
            if (sensor >= 0)
            {
                Check(batch, row, recordTimeMs, sensors, sensor);
            }
        }

        _foreign.Clear(batch, sensors);
    }

    private void Check(MicroBatch batch, int row, long recordTimeMs, SensorTable sensors, int sensor)
    {
        ref var state = ref sensors.StateOf(sensor);
        var profile = _profiles[state.Profile];
        var eventMs = batch.EventMs[row];
        var values = _values.AsSpan(0, profile.Columns.Length);
        var flags = CopyValues(profile, row, values);
        if (recordTimeMs - eventMs > _lateAfterMs)
        {
            flags |= ReadingFlags.Late;
        }

        if (eventMs > recordTimeMs || recordTimeMs - eventMs > SuspectBehindMs)
        {
            flags |= ReadingFlags.ClockSuspect;
        }

        if (eventMs < state.NewestMs)
        {
            flags |= ReadingFlags.OutOfOrder;
        }

        if (state.Readings < ReadingRules.WarmUpReadings)
        {
            flags |= ReadingFlags.WarmingUp;
        }

        var recent = sensors.RecentOf(sensor);
        var hash = HashOf(values);
        if (eventMs <= state.NewestMs && Contains(recent, state.Readings, eventMs, hash))
        {
            // A reading that was counted already leaves no trace.
            batch.Flags[row] = flags | ReadingFlags.Duplicate;
            batch.Outcome[row] = RowOutcome.Duplicate;
            return;
        }

        recent[(int)(state.Readings % SensorTable.RecentReadings)] = new RecentReading { EventMs = eventMs, ValuesHash = hash };
        state.Readings++;
        if (eventMs >= state.NewestMs)
        {
            state.NewestMs = eventMs;
            flags |= Remember(values, eventMs, profile.StuckAfterMs, sensors.MeasurementsOf(sensor));
        }

        batch.Flags[row] = flags;
    }

    private ReadingFlags CopyValues(ProfileBounds profile, int row, Span<double> values)
    {
        var flags = ReadingFlags.None;
        for (var i = 0; i < values.Length; i++)
        {
            var value = _columns[profile.Columns[i]] is { } column ? column[row] : double.NaN;
            values[i] = value;
            // False for a missing value.
            if (value < profile.Min[i] || value > profile.Max[i])
            {
                flags = ReadingFlags.OutOfRange;
            }
        }

        return flags;
    }

    private static ReadingFlags Remember(ReadOnlySpan<double> values, long eventMs, long stuckAfterMs, Span<MeasurementState> measurements)
    {
        var flags = ReadingFlags.None;
        for (var i = 0; i < values.Length; i++)
        {
            ref var measurement = ref measurements[i];
            var value = values[i];
            if (value == measurement.Value)
            {
                measurement.Readings = Math.Min(measurement.Readings, int.MaxValue - 1) + 1;
                if (measurement.Readings >= ReadingRules.StuckReadings && eventMs - measurement.SinceMs >= stuckAfterMs)
                {
                    flags = ReadingFlags.Stuck;
                }
            }
            else if (!double.IsNaN(value))
            {
                measurement = new MeasurementState { Value = value, SinceMs = eventMs, Readings = 1 };
            }
        }

        return flags;
    }

    private static bool Contains(ReadOnlySpan<RecentReading> recent, long readings, long eventMs, ulong hash)
    {
        foreach (ref readonly var reading in recent[..(int)Math.Min(readings, SensorTable.RecentReadings)])
        {
            if (reading.EventMs == eventMs && reading.ValuesHash == hash)
            {
                return true;
            }
        }

        return false;
    }

    // Saved with the sensor's state: must stay as it is. Multiply and fold as in the finalizer of MurmurHash3.
    private static ulong HashOf(ReadOnlySpan<double> values)
    {
        var hash = 0x9E37_79B9_7F4A_7C15UL;
        foreach (var value in values)
        {
            var bits = double.IsNaN(value) ? 0x7FF8_0000_0000_0000UL : BitConverter.DoubleToUInt64Bits(value);
            hash = (hash ^ bits) * 0xFF51_AFD7_ED55_8CCDUL;
            hash ^= hash >> 33;
        }

        return hash;
    }

    private sealed class ProfileBounds(SensorProfile profile, int[] columns)
    {
        public readonly int[] Columns = columns;
        public readonly double[] Min = [.. profile.Measurements.Select(m => m.Min)];
        public readonly double[] Max = [.. profile.Measurements.Select(m => m.Max)];
        public readonly long StuckAfterMs = (long)profile.ExpectedInterval.TotalMilliseconds * ReadingRules.StuckIntervals;
    }
}
