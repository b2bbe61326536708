namespace IotAnalytics.Core;

/// <summary>The folder that holds everything the host keeps on local disk.</summary>
/// <param name="Path">An absolute path. The folder exists.</param>
public sealed record DataDirectory(string Path)
{
    /// <summary>An absolute path below the data directory.</summary>
    public string Combine(string relative) => System.IO.Path.Combine(Path, relative);
}
