namespace IotAnalytics.Core.Simulation.Targets;

/// <summary>Finds the API key of a command that posts.</summary>
internal static class ReadingsTargetKey
{
    /// <summary>The environment variable that is looked at when no key is given.</summary>
    public const string EnvironmentVariable = "IOT_KEY";

    /// <summary>The file that a host makes at its first start, below the working directory.</summary>
    public static readonly string File = Path.Combine("data", "admin.key");

    /// <summary>The key given, else <c>IOT_KEY</c>, else the content of <c>data/admin.key</c> below <paramref name="workingDirectory"/>, else null.</summary>
    public static string? Find(string? given, string workingDirectory)
    {
        if (!string.IsNullOrWhiteSpace(given))
        {
            return given.Trim();
        }

        if (Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } fromEnvironment)
        {
            return fromEnvironment.Trim();
        }

        var file = Path.Combine(workingDirectory, File);
        return System.IO.File.Exists(file) ? System.IO.File.ReadAllText(file).Trim() : null;
    }
}
