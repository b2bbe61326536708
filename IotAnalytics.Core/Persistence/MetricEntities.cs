namespace IotAnalytics.Core.Persistence;

/// <summary>A sensor that was seen, with its last reading by event time.</summary>
public sealed class Sensor
{
    public int SensorKey { get; set; }
    public required string SensorId { get; set; }
    public required string Profile { get; set; }
    public DateTime FirstSeenAt { get; set; }
    public DateTime? LastEventTime { get; set; }
    public DateTime? LastRecordTime { get; set; }
    /// <summary>JSON object of measurement name to value.</summary>
    public string? LastMeasurements { get; set; }
    public double? LastScore { get; set; }
    public int LastFlags { get; set; }
}

/// <summary>Additive roll-up of a sensor's measurement, by minute or by hour of event time.</summary>
public abstract class SensorRollup
{
    public int SensorKey { get; set; }
    public required string Measurement { get; set; }
    public DateTime BucketStart { get; set; }
    public long ReadingCount { get; set; }
    public double? ValueMin { get; set; }
    public double? ValueMax { get; set; }
    public double ValueSum { get; set; }
    public double ValueSumSquares { get; set; }
    public long AnomalyCount { get; set; }
    public double? ScoreMax { get; set; }
}

/// <summary>Kept 7 days, then added into <see cref="SensorHour"/>.</summary>
public sealed class SensorMinute : SensorRollup;

/// <summary>Kept 2 years.</summary>
public sealed class SensorHour : SensorRollup;

/// <summary>Totals by minute of record time. readings = normal + anomalies + dead_letters + duplicates.</summary>
public sealed class PipelineMinute
{
    /// <summary>Empty where the profile is not known.</summary>
    public required string Profile { get; set; }
    public DateTime BucketStart { get; set; }
    public int SourceId { get; set; }
    public int Partition { get; set; }
    public long Readings { get; set; }
    public long Normal { get; set; }
    public long Anomalies { get; set; }
    public long DeadLetters { get; set; }
    public long Duplicates { get; set; }
    public long NotScored { get; set; }
    public long Late { get; set; }
    public double ScoreSum { get; set; }
}

/// <summary>A reading above its model's threshold.</summary>
public sealed class Anomaly
{
    public int SourceId { get; set; }
    public int Partition { get; set; }
    public long RecordOffset { get; set; }
    public int Item { get; set; }
    public int SensorKey { get; set; }
    public DateTime EventTime { get; set; }
    public DateTime RecordTime { get; set; }
    public DateTime DetectedAt { get; set; }
    public double AnomalyScore { get; set; }
    public double Threshold { get; set; }
    public required string Detector { get; set; }
    public double Rarity { get; set; }
    public required string Severity { get; set; }
    public required string TopMeasurement { get; set; }
    /// <summary>JSON.</summary>
    public required string Explanation { get; set; }
    /// <summary>JSON object of measurement name to value.</summary>
    public required string Measurements { get; set; }
    public required string ModelVersion { get; set; }
    /// <summary>The version that scored the reading beside <see cref="ModelVersion"/>, or null: none did.</summary>
    public string? OtherVersion { get; set; }
    /// <summary>Whether that version flags the reading too.</summary>
    public bool? IsOtherAnomaly { get; set; }
    public int Flags { get; set; }
    public string? Verdict { get; set; }
    public string? VerdictBy { get; set; }
    public DateTime? VerdictAt { get; set; }
}
