namespace IotAnalytics.Core.Readings;

/// <summary>What is unusual about a reading. The bits are stored in SQL and Parquet: they may only grow.</summary>
[Flags]
public enum ReadingFlags : ushort
{
    None = 0,
    /// <summary>A measurement lies outside the physical range of its profile.</summary>
    OutOfRange = 1 << 0,
    /// <summary>A missing feature was replaced by the training median.</summary>
    Imputed = 1 << 1,
    /// <summary>Same sensor, event time and values as one of the sensor's last 8 readings.</summary>
    Duplicate = 1 << 2,
    /// <summary>The event time is further behind the record time than <c>Pipeline:LateAfter</c>.</summary>
    Late = 1 << 3,
    /// <summary>The event time is before the newest one seen of this sensor.</summary>
    OutOfOrder = 1 << 4,
    /// <summary>One of the first 200 readings of its sensor.</summary>
    WarmingUp = 1 << 5,
    /// <summary>The event time is ahead of the record time, or more than ten years behind it.</summary>
    ClockSuspect = 1 << 6,
    /// <summary>A measurement has not changed for 20 expected intervals.</summary>
    Stuck = 1 << 7,
    /// <summary>No model, or more than half of the features are missing.</summary>
    NotScored = 1 << 8,
}
