using System.Collections.Concurrent;

namespace IotAnalytics.Web.Endpoints;

/// <summary>The page's files, which are part of the program: it serves them from wherever it is started.</summary>
internal static class PageAssets
{
    private static readonly ConcurrentDictionary<string, string> Cache = new(StringComparer.Ordinal);

    public static string Text(string name) => Cache.GetOrAdd(name, static n =>
    {
        using var stream = typeof(PageAssets).Assembly.GetManifestResourceStream($"page/{n}")
            ?? throw new InvalidOperationException($"The page has no file {n}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    });
}
