namespace IotAnalytics.Core.Persistence;

/// <summary>A model, named after its profile.</summary>
public sealed class Model
{
    public required string Name { get; set; }
    /// <summary>The version that scores new readings, or null.</summary>
    public string? Champion { get; set; }
    /// <summary>The version that scores the same readings beside the champion, or null.</summary>
    public string? Shadow { get; set; }
    /// <summary>Share of the sensors, 0 to 0.5, whose readings the shadow decides instead of the champion (an A/B split by sensor); 0: none.</summary>
    public double ShadowShare { get; set; }
    public DateTime CreatedAt { get; set; }
}

/// <summary>An immutable version of a model.</summary>
public sealed class ModelVersion
{
    public required string Name { get; set; }
    /// <summary>Rising number as text: <c>1</c>, <c>2</c>, …</summary>
    public required string Version { get; set; }
    /// <summary>Key of the model file below the store.</summary>
    public required string ObjectKey { get; set; }
    public required string Sha256 { get; set; }
    /// <summary>The model card, JSON.</summary>
    public required string Card { get; set; }
    public DateTime CreatedAt { get; set; }
    public required string CreatedBy { get; set; }
    /// <summary>The training run that made it, or null for a bootstrap model and an imported one.</summary>
    public long? TrainingRunId { get; set; }
}

/// <summary>A change of an alias. Rows are only ever added: the database refuses to change or delete one.</summary>
public sealed class ModelAliasChange
{
    public long ChangeId { get; set; }
    public required string Name { get; set; }
    /// <summary><c>champion</c> or <c>shadow</c>.</summary>
    public required string Alias { get; set; }
    /// <summary>What the alias means from then on; null: nothing.</summary>
    public string? Version { get; set; }
    public string? Previous { get; set; }
    /// <summary>Of the A/B split, for a shadow.</summary>
    public double Share { get; set; }
    public DateTime ChangedAt { get; set; }
    public required string ChangedBy { get; set; }
    public required string Reason { get; set; }
}

/// <summary>A training run. The table is the queue: hosts take the oldest queued run, and those whose owner's lease has ended.</summary>
public sealed class TrainingRun
{
    public long RunId { get; set; }
    public required string Name { get; set; }
    /// <summary><c>schedule</c>, <c>request</c> or <c>drift</c>.</summary>
    public required string Reason { get; set; }
    public required string RequestedBy { get; set; }
    public DateTime RequestedAt { get; set; }
    /// <summary><c>queued</c>, <c>running</c>, <c>succeeded</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    public required string State { get; set; }
    /// <summary>What a running run is at, for people, for example <c>reading the lake</c>.</summary>
    public string? Stage { get; set; }
    /// <summary>0 to 1.</summary>
    public double Progress { get; set; }
    /// <summary>Event time, inclusive.</summary>
    public DateTime WindowFrom { get; set; }
    /// <summary>Event time, exclusive.</summary>
    public DateTime WindowTo { get; set; }
    public long Seed { get; set; }
    /// <summary>The host that runs it.</summary>
    public string? Owner { get; set; }
    /// <summary>When another host may take the run; renewed by the owner.</summary>
    public DateTime? LeaseUntil { get; set; }
    /// <summary>How often it was taken.</summary>
    public int Attempts { get; set; }
    public bool IsCancelRequested { get; set; }
    public DateTime? StartedAt { get; set; }
    public DateTime? FinishedAt { get; set; }
    public long RowsRead { get; set; }
    /// <summary>The version it made.</summary>
    public string? Version { get; set; }
    /// <summary>Why it failed, in words for people.</summary>
    public string? Error { get; set; }
}

/// <summary>A period of a profile, or of one of its sensors, that no model learns from.</summary>
public sealed class TrainingExclusion
{
    public long ExclusionId { get; set; }
    public required string Name { get; set; }
    /// <summary>Null: all sensors of the profile.</summary>
    public string? SensorId { get; set; }
    /// <summary>Event time, inclusive.</summary>
    public DateTime FromTime { get; set; }
    /// <summary>Event time, exclusive.</summary>
    public DateTime ToTime { get; set; }
    public required string Reason { get; set; }
    public required string CreatedBy { get; set; }
    public DateTime CreatedAt { get; set; }
}

/// <summary>What the gate found when it compared a candidate with a champion.</summary>
public sealed class GateReportRow
{
    public long ReportId { get; set; }
    public required string Name { get; set; }
    public required string Version { get; set; }
    /// <summary>The champion that it was compared with.</summary>
    public required string Champion { get; set; }
    public DateTime CreatedAt { get; set; }
    /// <summary><c>promote</c>, <c>refuse</c> or <c>ask</c>.</summary>
    public required string Verdict { get; set; }
    /// <summary>Every figure, JSON.</summary>
    public required string Report { get; set; }
}

/// <summary>How far the readings of a time are from those that a version was trained on.</summary>
public sealed class DriftMeasurement
{
    public required string Name { get; set; }
    public required string ModelVersion { get; set; }
    /// <summary><c>psi</c>, <c>page_hinkley</c> or another.</summary>
    public required string Method { get; set; }
    /// <summary>A feature of the profile, or <c>anomaly_score</c>.</summary>
    public required string Feature { get; set; }
    /// <summary>Begin of the day, or the time of an alarm; event time.</summary>
    public DateTime MeasuredTime { get; set; }
    public double Value { get; set; }
    /// <summary>Above it the value counts as drift.</summary>
    public double Limit { get; set; }
    /// <summary>Rows that the value was computed from.</summary>
    public int RowCount { get; set; }
    public DateTime CreatedAt { get; set; }
}

/// <summary>Champion and shadow on the same readings, by minute of record time. Additive.</summary>
public sealed class ShadowMinute
{
    public required string Profile { get; set; }
    public DateTime BucketStart { get; set; }
    public int SourceId { get; set; }
    public int Partition { get; set; }
    public required string ChampionVersion { get; set; }
    public required string ShadowVersion { get; set; }
    /// <summary>Readings above both thresholds.</summary>
    public long Both { get; set; }
    public long ChampionOnly { get; set; }
    public long ShadowOnly { get; set; }
    public long Neither { get; set; }
    /// <summary>Time that scoring took, ns.</summary>
    public long ChampionNanoseconds { get; set; }
    public long ShadowNanoseconds { get; set; }
}

/// <summary>Expected range of a measurement in a model's training data.</summary>
public sealed class ModelFeatureRange
{
    /// <summary><c>name/version</c>.</summary>
    public required string ModelVersion { get; set; }
    public required string Measurement { get; set; }
    public double P1 { get; set; }
    public double P99 { get; set; }
}
