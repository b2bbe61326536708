using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Metrics;

/// <summary>A reading's measurements as a JSON object; missing ones are left out.</summary>
internal static class MeasurementJson
{
    public static string Write(ImmutableArray<MeasurementDefinition> measurements, ReadOnlySpan<double> values)
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            for (var i = 0; i < measurements.Length; i++)
            {
                if (!double.IsNaN(values[i]))
                {
                    json.WriteNumber(measurements[i].Name, values[i]);
                }
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
