using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Scoring;

/// <summary>What a measurement adds to a score.</summary>
/// <param name="Value">As received; NaN when missing.</param>
/// <param name="Contribution">The score less the mean score with this measurement replaced by usual values.</param>
internal readonly record struct MeasurementContribution(string Name, double Value, double Contribution, ExpectedRange Expected);

/// <summary>Why a row is anomalous.</summary>
/// <param name="Contributions">One per measurement, the largest first.</param>
/// <param name="Also">The second measurement when it contributes at least 0.8 times as much as the first (two redundant sensors share the blame), or null.</param>
internal sealed record Explanation(ImmutableArray<MeasurementContribution> Contributions, string? Also)
{
    /// <summary>Measurements told in JSON: a profile of a hundred would fill the anomaly table with what nobody reads.</summary>
    private const int MaxMeasurementsInJson = 10;

    public string TopMeasurement => Contributions[0].Name;

    /// <summary><c>{"measurements":[{"name","value","contribution","expected_low","expected_high"},…],"also":name or null}</c>: the ten that
    /// contribute most, ordered by contribution.</summary>
    public string ToJson()
    {
        using var pooled = PooledJson.Rent();
        var json = pooled.Writer;
        json.WriteStartObject();
        json.WriteStartArray("measurements");
        foreach (var c in Contributions.AsSpan()[..Math.Min(MaxMeasurementsInJson, Contributions.Length)])
        {
            json.WriteStartObject();
            json.WriteString("name", c.Name);
            WriteNumber(json, "value", c.Value);
            WriteNumber(json, "contribution", Math.Round(c.Contribution, 4));
            WriteNumber(json, "expected_low", SixDigits(c.Expected.P1));
            WriteNumber(json, "expected_high", SixDigits(c.Expected.P99));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("also", Also);
        json.WriteEndObject();
        return pooled.ToString();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
        {
            // −0 would be another text for the same number.
            json.WriteNumber(name, value == 0 ? 0 : value);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static double SixDigits(double value)
    {
        Span<char> text = stackalloc char[32];
        return value.TryFormat(text, out var length, "G6", CultureInfo.InvariantCulture) ? double.Parse(text[..length], CultureInfo.InvariantCulture) : value;
    }
}
