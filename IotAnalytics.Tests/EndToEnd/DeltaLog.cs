using System.Text.Json;

namespace IotAnalytics.Tests.EndToEnd;

/// <summary>A naive reader of a Delta log without checkpoints, for tests only.</summary>
internal static class DeltaLog
{
    /// <summary>Absolute paths of the files that are part of the newest version.</summary>
    public static List<string> LiveFiles(string table)
    {
        var live = new HashSet<string>(StringComparer.Ordinal);
        var log = Path.Combine(table, "_delta_log");
        if (!Directory.Exists(log))
        {
            return [];
        }

        foreach (var line in Directory.EnumerateFiles(log, "*.json").Order(StringComparer.Ordinal).SelectMany(File.ReadLines))
        {
            using var action = JsonDocument.Parse(line);
            if (action.RootElement.TryGetProperty("add", out var add))
            {
                Assert.True(live.Add(add.GetProperty("path").GetString()!), "a file was added twice");
            }
            else if (action.RootElement.TryGetProperty("remove", out var remove))
            {
                Assert.True(live.Remove(remove.GetProperty("path").GetString()!), "a file was removed that was not live");
            }
        }

        return [.. live.Select(p => Path.Combine(table, p)).Order(StringComparer.Ordinal)];
    }
}
