using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace IotAnalytics.Web.Endpoints;

/// <summary>A page of a list.</summary>
/// <param name="Items">At most <c>limit</c>.</param>
/// <param name="NextCursor">Give it back as <c>cursor</c> for the next page; null on the last.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

internal static class Page
{
    /// <summary>Makes a page of <paramref name="rows"/>, of which one more than <paramref name="limit"/> was asked for to see whether more follow.</summary>
    /// <param name="position">The sort key of a row, for the cursor.</param>
    public static Page<TItem> Of<TRow, TItem>(List<TRow> rows, int limit, Func<TRow, TItem> item, Func<TRow, object[]> position) => new(
        [.. rows.Take(limit).Select(item)],
        rows.Count > limit ? Encode(position(rows[limit - 1])) : null);

    private static string Encode(object[] position) => Base64Url.EncodeToString(
        Encoding.UTF8.GetBytes(string.Join('|', position.Select(p => Convert.ToString(p, CultureInfo.InvariantCulture)))));
}
