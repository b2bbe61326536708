using System.Text;
using System.Text.Json;
using Confluent.Kafka;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>A record's headers as one JSON object: text as a string, other bytes as <c>{"base64":"…"}</c>, no value as null; a name that comes more
/// than once has an array of its values, in order.</summary>
internal static class RecordHeaders
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Null when there are none.</summary>
    public static string? ToJson(Headers? headers)
    {
        if (headers is null || headers.Count == 0)
        {
            return null;
        }

        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var named in headers.GroupBy(h => h.Key, StringComparer.Ordinal))
            {
                json.WritePropertyName(named.Key);
                var values = named.Select(h => h.GetValueBytes()).ToList();
                if (values.Count == 1)
                {
                    Write(json, values[0]);
                    continue;
                }

                json.WriteStartArray();
                values.ForEach(value => Write(json, value));
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, byte[]? value)
    {
        if (value is null)
        {
            json.WriteNullValue();
            return;
        }

        try
        {
            json.WriteStringValue(Strict.GetString(value));
        }
        catch (DecoderFallbackException)
        {
            json.WriteStartObject();
            json.WriteBase64String("base64", value);
            json.WriteEndObject();
        }
    }
}
