using System.Text.Json;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Web.Endpoints;

/// <summary>The bits of a reading's flags as the names used in JSON.</summary>
internal static class FlagNames
{
    private static readonly (ReadingFlags Flag, string Name)[] Names =
        [.. Enum.GetValues<ReadingFlags>().Where(f => f != ReadingFlags.None).Select(f => (f, JsonNamingPolicy.SnakeCaseLower.ConvertName($"{f}")))];

    public static IReadOnlyList<string> Of(int flags) => [.. Names.Where(n => (flags & (int)n.Flag) != 0).Select(n => n.Name)];
}
