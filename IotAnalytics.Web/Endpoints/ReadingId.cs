using System.Globalization;

namespace IotAnalytics.Web.Endpoints;

/// <summary>The identity of a reading, or of the record that it came in.</summary>
/// <param name="Item">Place within the record; null for the record.</param>
internal readonly record struct ReadingId(int Source, int Partition, long Offset, int? Item)
{
    public const string OfItem = "<source>-<partition>-<offset>-<item>";
    public const string OfRecord = "<source>-<partition>-<offset>, with or without -<item>";

    /// <summary>Null for what is none.</summary>
    public static ReadingId? Parse(string text)
    {
        var parts = text.Split('-');
        var item = 0;
        return parts.Length is 3 or 4
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var source)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
            && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            && (parts.Length == 3 || int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out item))
            ? new ReadingId(source, partition, offset, parts.Length == 3 ? null : item)
            : null;
    }

    public static Problem Refuse(string field, string value, string accepted)
    {
        var check = new QueryCheck();
        check.Refuse(field, value, accepted);
        return check.Problem!;
    }
}
