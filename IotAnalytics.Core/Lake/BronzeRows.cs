using System.Text;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Lake.Files;

namespace IotAnalytics.Core.Lake;

/// <summary>Records as rows of bronze. Indices are the schema's.</summary>
internal static class BronzeRows
{
    private const long LastMs = 253_402_300_799_999;

    /// <summary>Days since 1970-01-01 of a record time. Records without a time, or with one outside 1970 to 9999, lie under 1970-01-01.</summary>
    public static int DayOf(long recordTimeMs) => HasTime(recordTimeMs) ? ReadingRows.DayOf(recordTimeMs) : 0;

    public static void Append(RowBuffer buffer, RecordBatch records, int record, int sourceId, int partition, int itemCount)
    {
        ref readonly var info = ref records[record];
        var row = buffer.Rows;
        buffer.Reserve(1);
        buffer.Ints(0).Values[row] = sourceId;
        buffer.Ints(1).Values[row] = partition;
        buffer.Longs(2).Values[row] = info.Offset;
        buffer.Times(3).Values[row] = HasTime(info.RecordTimeMs) ? info.RecordTimeMs : long.MinValue;
        buffer.Binaries(4).Set(row, records.Buffer.AsSpan(info.KeyStart, info.KeyLength), isNull: info.KeyLength == 0);
        buffer.Texts(5).Values[row] = info.Headers is null ? null : AsciiJson.Escape(info.Headers);
        buffer.Ints(6).Values[row] = itemCount;
        buffer.Binaries(7).Set(row, records.Value(record), isNull: false);
        buffer.VariableBytes += info.KeyLength + info.ValueLength + (info.Headers?.Length ?? 0);
    }

    private static bool HasTime(long recordTimeMs) => recordTimeMs is >= 0 and <= LastMs;
}

/// <summary>JSON with nothing beyond ASCII: the writer's statistics of other strings would be in another order than the readers'.</summary>
internal static class AsciiJson
{
    /// <summary>The same JSON value; every character beyond ASCII, which can only stand inside a string, becomes an escape.</summary>
    public static string Escape(string json)
    {
        if (Ascii.IsValid(json))
        {
            return json;
        }

        var text = new StringBuilder(json.Length + 16);
        foreach (var c in json)
        {
            _ = c < 0x80 ? text.Append(c) : text.Append("\\u").Append(((int)c).ToString("x4", System.Globalization.CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }
}
