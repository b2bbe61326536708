using System.Runtime.CompilerServices;

namespace IotAnalytics.Tests.Architecture;

/// <summary>The sources of this build, found from where this file was compiled.</summary>
internal static class SourceTree
{
    public static string Root { get; } = FindRoot();

    /// <summary>Hand-written C# files below a folder, as paths relative to the root with '/'.</summary>
    public static IEnumerable<string> Files(string folder) => Directory
        .EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
        .Where(path => !path.Contains("/obj/", StringComparison.Ordinal)
            && !path.Contains("/bin/", StringComparison.Ordinal)
            && !path.Contains("/Migrations/", StringComparison.Ordinal));

    public static string[] Lines(string path) => File.ReadAllLines(Path.Combine(Root, path));

    /// <summary>Namespaces that a file uses.</summary>
    public static IEnumerable<string> Usings(string path) => Lines(path)
        .Where(line => line.StartsWith("using ", StringComparison.Ordinal))
        .Select(line => line["using ".Length..].TrimEnd(';', ' ').Replace("static ", "", StringComparison.Ordinal));

    private static string FindRoot([CallerFilePath] string thisFile = "")
    {
        foreach (var start in new[] { Path.GetDirectoryName(thisFile)!, AppContext.BaseDirectory })
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "IotAnalytics.sln")))
                {
                    return folder.FullName;
                }
            }
        }

        throw new InvalidOperationException("The sources are not beside the tests.");
    }
}
