using IotAnalytics.Tests.Architecture;
using IotAnalytics.Tests.EndToEnd;

namespace IotAnalytics.Tests.Deployment.Compose;

/// <summary>A <c>.env</c> made by deploy/make-env.sh.</summary>
internal static class EnvironmentFile
{
    public static string Script => Path.Combine(SourceTree.Root, "deploy", "make-env.sh");

    public static async Task<Dictionary<string, string>> MakeAsync(string path)
    {
        await OutsideProgram.RunAsync(Script, path);
        return (await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken)).Where(l => l.Contains('=', StringComparison.Ordinal) && !l.StartsWith('#'))
            .Select(l => l.Split('=', 2)).ToDictionary(p => p[0], p => p[1]);
    }
}
