namespace IotAnalytics.Core.Readings;

/// <summary>What is remembered of a sensor.</summary>
internal struct SensorState
{
    /// <summary>Newest event time, Unix milliseconds; <see cref="long.MinValue"/> before the first reading.</summary>
    public long NewestMs;

    /// <summary>Readings so far, duplicates not counted. Its low three bits are the place of the next entry in the ring of recent readings.</summary>
    public long Readings;

    /// <summary>Index of the profile in the catalog.</summary>
    public int Profile;

    /// <summary>Where the sensor's measurements begin.</summary>
    public int FirstMeasurement;

    /// <summary>Where the numbers that the sensor's features remember begin.</summary>
    public int FirstFeatureSlot;
}

/// <summary>What is remembered of one measurement of a sensor, from its readings in order of event time.</summary>
internal struct MeasurementState
{
    /// <summary>The last value that was present, or NaN.</summary>
    public double Value;

    /// <summary>Event time of the first reading with this value.</summary>
    public long SinceMs;

    /// <summary>Readings with this value, one after the other.</summary>
    public int Readings;
}

/// <summary>A recent reading, to know it again.</summary>
internal struct RecentReading
{
    public long EventMs;

    /// <summary>Hash of the values, in the order of the profile.</summary>
    public ulong ValuesHash;
}
