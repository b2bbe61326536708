namespace IotAnalytics.Core.Readings;

/// <summary>The profile that is used when the configuration has none.</summary>
internal static class ClimateProfile
{
    public static SensorProfile Default { get; } = new(
        "climate",
        TimeSpan.FromSeconds(10),
        [
            new MeasurementDefinition("humidity", "%", 0, 100, new ValueBand(40, 70), new ValueBand(0, 20)),
            new MeasurementDefinition("temperature", "Cel", -50, 200, new ValueBand(18, 28), new ValueBand(80, 120)),
        ],
        [
            new FeatureDefinition("humidity", "humidity"),
            new FeatureDefinition("temperature", "temperature"),
            new FeatureDefinition("temperature_humidity_ratio", "temperature / max(humidity, 1)"),
        ],
        [new DetectorDefinition("IsolationForest", 100, 256, 0.1, 0.001)]);
}
