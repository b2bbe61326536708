using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IotAnalytics.Core.Lake.Files;

/// <summary>
/// Delta's per-file statistics. What is missing is legal, what is wrong loses rows: bounds are written only for columns whose every
/// value has a place in the readers' order, and are exact.
/// </summary>
internal static class FileStatistics
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string ToJson(LakeSchema schema, long rows, IReadOnlyList<ColumnStatistics> columns)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteNumber("numRecords", rows);
            json.WriteStartObject("minValues");
            WriteBounds(json, schema, columns, upper: false);
            json.WriteEndObject();
            json.WriteStartObject("maxValues");
            WriteBounds(json, schema, columns, upper: true);
            json.WriteEndObject();
            json.WriteStartObject("nullCount");
            for (var i = 0; i < columns.Count; i++)
            {
                if (schema.Columns[i].Statistics)
                {
                    json.WriteNumber(schema.Columns[i].Name, columns[i].NullCount);
                }
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    /// <summary>A time as Delta statistics spell it.</summary>
    public static string Time(long unixMilliseconds) => DateTime.UnixEpoch.AddTicks(unixMilliseconds * TimeSpan.TicksPerMillisecond)
        .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static void WriteBounds(Utf8JsonWriter json, LakeSchema schema, IReadOnlyList<ColumnStatistics> columns, bool upper)
    {
        for (var i = 0; i < columns.Count; i++)
        {
            var (column, statistics) = (schema.Columns[i], columns[i]);
            if (!column.Statistics || statistics.Unordered)
            {
                continue;
            }

            switch (column.Type)
            {
                case LakeType.Int or LakeType.Long when statistics.HasLongs:
                    json.WriteNumber(column.Name, upper ? statistics.LongMax : statistics.LongMin);
                    break;
                case LakeType.Timestamp when statistics.HasLongs:
                    json.WriteString(column.Name, Time(upper ? statistics.LongMax : statistics.LongMin));
                    break;
                case LakeType.Double when statistics.HasDoubles:
                    json.WriteNumber(column.Name, upper ? statistics.DoubleMax : statistics.DoubleMin);
                    break;
                case LakeType.Text when statistics.TextMin is not null:
                    json.WriteString(column.Name, upper ? statistics.TextMax : statistics.TextMin);
                    break;
                default:
                    // All NULL.
                    break;
            }
        }
    }
}
