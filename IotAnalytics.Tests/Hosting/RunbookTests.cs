using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using IotAnalytics.Core.Diagnostics;
using IotAnalytics.Web.Hosting;

namespace IotAnalytics.Tests.Hosting;

/// <summary>Whoever sees an event of the log finds in the documentation what it means and what is to be done.</summary>
public sealed partial class RunbookTests
{
    [Fact]
    public void Every_event_has_an_entry_in_the_documentation()
    {
        Assembly[] assemblies = [typeof(EventIds).Assembly, typeof(AnalyticsHost).Assembly];
        var ids = assemblies.SelectMany(a => a.GetTypes()).Where(t => t.Name.EndsWith("EventIds", StringComparison.Ordinal))
            .SelectMany(t => t.GetFields(BindingFlags.Public | BindingFlags.Static | BindingFlags.FlattenHierarchy)).Where(f => f.FieldType == typeof(int))
            .Select(f => (int)f.GetRawConstantValue()!).Distinct().Order().ToList();
        Assert.True(ids.Count > 80, $"{ids.Count} event ids were found");

        var documented = new HashSet<int>();
        foreach (var page in (string[])["operations.md", "commit-log.md", "lake.md"])
        {
            using var reader = new StreamReader(typeof(AnalyticsHost).Assembly.GetManifestResourceStream($"docs/{page}")!);
            while (reader.ReadLine() is { } line)
            {
                // A row that only points to another page is no entry.
                if (line.StartsWith("| ", StringComparison.Ordinal) && !Pointer().IsMatch(line))
                {
                    documented.UnionWith(Ids(line.Split('|')[1]));
                }
            }
        }

        Assert.Empty(ids.Except(documented));
    }

    /// <summary><c>1003-1006, 1023</c>.</summary>
    private static IEnumerable<int> Ids(string cell) => Range().Matches(cell).SelectMany(m =>
    {
        var first = int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture);
        var last = m.Groups[2].Success ? int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture) : first;
        return Enumerable.Range(first, last - first + 1);
    });

    [GeneratedRegex(@"\b(\d{4})(?:-(\d{4}))?\b")]
    private static partial Regex Range();

    [GeneratedRegex(@"; see \[[a-z-]+\.md\]")]
    private static partial Regex Pointer();
}
