using System.Collections.Concurrent;
using System.Reflection;

namespace IotAnalytics.Web.Endpoints;

/// <summary>Files that are part of the program (the page, the documentation): it serves them from wherever it is started.</summary>
internal static class PageAssets
{
    private static readonly Assembly Program = typeof(PageAssets).Assembly;
    private static readonly ConcurrentDictionary<string, string> Cache = new(StringComparer.Ordinal);

    /// <summary>Names below a folder, in order.</summary>
    public static IEnumerable<string> Names(string folder) => Program.GetManifestResourceNames()
        .Where(n => n.StartsWith(folder, StringComparison.Ordinal)).Select(n => n[folder.Length..]).Order(StringComparer.Ordinal);

    /// <param name="name">For example <c>page/index.html</c>.</param>
    public static string Text(string name) => Cache.GetOrAdd(name, static n =>
    {
        using var stream = Program.GetManifestResourceStream(n) ?? throw new InvalidOperationException($"The program has no file {n}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    });
}
