using System.Globalization;
using System.Text.RegularExpressions;

namespace IotAnalytics.Tests.Deployment.Grafana;

/// <summary>What Grafana makes of a query before it sends it to PostgreSQL. A macro or variable that is not known fails the test.</summary>
/// <param name="From">Start of the dashboard's time range.</param>
/// <param name="To">Its end.</param>
/// <param name="Interval">Width of a point.</param>
/// <param name="Variables">The values that are chosen.</param>
internal sealed record GrafanaMacros(DateTimeOffset From, DateTimeOffset To, TimeSpan Interval, IReadOnlyDictionary<string, IReadOnlyList<string>> Variables)
{
    public string Expand(string sql)
    {
        var seconds = Interval.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        var text = Regex.Replace(sql, @"\$\{(\w+):sqlstring\}", m => string.Join(',', Values(m.Groups[1].Value).Select(v => $"'{v.Replace("'", "''", StringComparison.Ordinal)}'")));
        text = text.Replace("$__searchFilter", "%", StringComparison.Ordinal)
            .Replace("$__interval_ms", Interval.TotalMilliseconds.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("$__interval", $"{seconds}s", StringComparison.Ordinal);

        // Grafana's own expression: an argument cannot hold a parenthesis.
        text = Regex.Replace(text, @"\$(__[_a-zA-Z0-9]+)\(([^\)]*)\)", m =>
        {
            var arguments = m.Groups[2].Value.Split(',', StringSplitOptions.TrimEntries);
            return m.Groups[1].Value switch
            {
                "__timeFilter" => $"{arguments[0]} BETWEEN '{Time(From)}' AND '{Time(To)}'",
                "__timeFrom" => $"'{Time(From)}'",
                "__timeTo" => $"'{Time(To)}'",
                "__timeGroup" => Group(arguments),
                "__timeGroupAlias" => $"{Group(arguments)} AS \"time\"",
                "__unixEpochFilter" => $"{arguments[0]} >= {From.ToUnixTimeSeconds()} AND {arguments[0]} <= {To.ToUnixTimeSeconds()}",
                var other => throw new InvalidOperationException($"Grafana has no macro ${other} for PostgreSQL: {sql}"),
            };
        });
        Assert.DoesNotContain("$", text, StringComparison.Ordinal);
        return text;
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static string Group(string[] arguments)
    {
        var seconds = arguments[1].TrimEnd('s');
        return $"floor(extract(epoch from {arguments[0]})/{seconds})*{seconds}";
    }

    private IReadOnlyList<string> Values(string name) => Variables.TryGetValue(name, out var values)
        ? values
        : throw new InvalidOperationException($"The dashboard has no variable {name}.");
}
