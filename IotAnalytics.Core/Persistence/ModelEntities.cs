namespace IotAnalytics.Core.Persistence;

/// <summary>A model, named after its profile.</summary>
public sealed class Model
{
    public required string Name { get; set; }
    /// <summary>The version that scores new readings, or null.</summary>
    public string? Champion { get; set; }
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
