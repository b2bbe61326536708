using System.Globalization;

namespace IotAnalytics.Core.Lake.Reconcile;

/// <summary>What the name of a cut's file says: <c>&lt;source&gt;-&lt;partition&gt;-&lt;first&gt;-&lt;next&gt;-&lt;epoch&gt;.parquet</c>.</summary>
internal readonly record struct CutName(int SourceId, int Partition, long FirstOffset, long NextOffset, long OwnerEpoch)
{
    private const string Extension = ".parquet";

    /// <summary>Of a key or a path; null for any other name.</summary>
    public static CutName? Parse(string key)
    {
        var name = key[(key.LastIndexOf('/') + 1)..];
        return name.EndsWith(Extension, StringComparison.Ordinal) && name[..^Extension.Length].Split('-') is { Length: 5 } parts
            && StoredNumber.TryInt(parts[0], out var source) && StoredNumber.TryInt(parts[1], out var partition)
            && StoredNumber.TryLong(parts[2], out var first) && StoredNumber.TryLong(parts[3], out var next) && StoredNumber.TryLong(parts[4], out var epoch)
                ? new CutName(source, partition, first, next, epoch)
                : null;
    }

    /// <summary>The job of a rewritten file, <c>c-&lt;job&gt;-&lt;n&gt;.parquet</c>; null for any other name.</summary>
    public static long? JobOf(string key)
    {
        var name = key[(key.LastIndexOf('/') + 1)..];
        return name.EndsWith(Extension, StringComparison.Ordinal) && name[..^Extension.Length].Split('-') is ["c", var job, _] && StoredNumber.TryLong(job, out var number)
            ? number
            : null;
    }
}

/// <summary>A data file of a cut that lies in the store, whether a table names it or not.</summary>
internal sealed record StoredCut(string Table, string Key, CutName Name);

/// <summary>A saved state that lies in the store: <c>&lt;source&gt;-&lt;partition&gt;-&lt;next&gt;-&lt;epoch&gt;.bin</c>.</summary>
internal sealed record StoredState(string Key, int SourceId, int Partition, long Offset, long OwnerEpoch)
{
    private const string Extension = ".bin";

    public static StoredState? Parse(string key)
    {
        var name = key[(key.LastIndexOf('/') + 1)..];
        return name.EndsWith(Extension, StringComparison.Ordinal) && name[..^Extension.Length].Split('-') is { Length: 4 } parts
            && StoredNumber.TryInt(parts[0], out var source) && StoredNumber.TryInt(parts[1], out var partition)
            && StoredNumber.TryLong(parts[2], out var offset) && StoredNumber.TryLong(parts[3], out var epoch)
                ? new StoredState(key, source, partition, offset, epoch)
                : null;
    }
}

internal static class StoredNumber
{
    public static bool TryInt(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    public static bool TryLong(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
