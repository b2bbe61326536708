using System.Collections.Immutable;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Metrics;

/// <summary>A reading's measurements as a JSON object; missing ones are left out.</summary>
internal static class MeasurementJson
{
    public static string Write(ImmutableArray<MeasurementDefinition> measurements, ReadOnlySpan<double> values)
    {
        using var pooled = PooledJson.Rent();
        var json = pooled.Writer;
        json.WriteStartObject();
        for (var i = 0; i < measurements.Length; i++)
        {
            if (!double.IsNaN(values[i]))
            {
                json.WriteNumber(measurements[i].Name, values[i]);
            }
        }

        json.WriteEndObject();
        return pooled.ToString();
    }
}
