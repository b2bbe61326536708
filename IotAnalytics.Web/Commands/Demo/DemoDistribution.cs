using System.Globalization;
using System.Text.Json;
using IotAnalytics.Core;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Web.Commands.Demo;

/// <summary>Many seeds, each through the whole path in a folder of its own, and how they end.</summary>
internal static class DemoDistribution
{
    private const string AnalyticsDatabase = "analytics.db";

    /// <summary>Fast enough that the pace is set by the path, not by the stream.</summary>
    private const double AsFastAsPossible = 1_000_000;

    public static async Task<int> RunAsync(DemoSettings settings, int seeds, CancellationToken cancellationToken)
    {
        var root = settings.Folder ?? Directory.CreateTempSubdirectory("iot-demo-").FullName;
        var results = new List<(int Seed, DemoResult Result)>();
        try
        {
            var emptyDatabase = await MakeDatabaseAsync(root, cancellationToken);
            async Task<int> RunAllAsync(Action<int, int>? progress)
            {
                for (var i = 0; i < seeds; i++)
                {
                    results.Add((settings.Seed + i, await RunSeedAsync(settings, settings.Seed + i, Path.Combine(root, "seed"), emptyDatabase, cancellationToken)));
                    progress?.Invoke(i + 1, seeds);
                }

                return seeds;
            }

            _ = settings.IsJson ? await RunAllAsync(progress: null) : await DemoProgress.ShowAsync(RunAllAsync);
        }
        finally
        {
            if (settings.Folder is null)
            {
                Directory.Delete(root, recursive: true);
            }
        }

        Console.Out.WriteLine(settings.IsJson ? ToJson(results) : ToText(results));
        return results.All(r => r.Result.IsGood) ? CommandLine.Succeeded : CommandLine.Failed;
    }

    private static async Task<DemoResult> RunSeedAsync(DemoSettings settings, int seed, string folder, byte[] emptyDatabase, CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        await File.WriteAllBytesAsync(Path.Combine(folder, AnalyticsDatabase), emptyDatabase, cancellationToken);
        await using var host = await DemoHost.StartAsync(folder, isMigrated: true, seed, settings.Model, cancellationToken);
        var result = await new DemoRun(host, seed, settings.Seconds, AsFastAsPossible).RunAsync(progress: null, cancellationToken);
        await host.StopAsync(cancellationToken);
        return result;
    }

    /// <summary>Migrating takes longer than a seed: it is done once, and every seed begins with a copy.</summary>
    private static async Task<byte[]> MakeDatabaseAsync(string root, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateDirectory(Path.Combine(root, "empty")).FullName;
        await using (var services = new ServiceCollection().AddLogging().AddSingleton(new DataDirectory(folder))
            .AddPersistence(new ConfigurationBuilder().Build()).BuildServiceProvider())
        {
            await services.GetRequiredService<DatabaseMigrator>().MigrateAsync(cancellationToken);
        }

        return await File.ReadAllBytesAsync(Path.Combine(folder, AnalyticsDatabase), cancellationToken);
    }

    private static string ToText(List<(int Seed, DemoResult Result)> results)
    {
        var lines = new List<string> { "", $"{results.Count} seeds from {results[0].Seed}", "  missed  false alarms  seeds" };
        lines.AddRange(results.GroupBy(r => (r.Result.Missed, r.Result.FalseAlarms)).OrderBy(g => g.Key)
            .Select(g => string.Create(CultureInfo.InvariantCulture, $"  {g.Key.Missed,6}  {g.Key.FalseAlarms,12}  {g.Count(),5}")));
        var clean = results.Where(r => r.Result is { Missed: 0, FalseAlarms: 0 }).ToList();
        lines.Add($"Neither a miss nor a false alarm: {clean.Count} of {results.Count}; the first such seeds: {string.Join(", ", clean.Take(5).Select(r => r.Seed))}");
        lines.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"Anomalies: {results.Sum(r => r.Result.TrueAnomalies)}, missed {results.Sum(r => r.Result.Missed)}; false alarms {results.Sum(r => r.Result.FalseAlarms)} in {results.Sum(r => r.Result.TotalReadings - r.Result.TrueAnomalies)} normal readings"));
        return string.Join(Environment.NewLine, lines);
    }

    private static string ToJson(List<(int Seed, DemoResult Result)> results) => JsonSerializer.Serialize(
        new Dictionary<string, object>
        {
            ["seeds"] = results.Count,
            ["first_seed"] = results[0].Seed,
            ["clean"] = results.Count(r => r.Result is { Missed: 0, FalseAlarms: 0 }),
            ["true_anomalies"] = results.Sum(r => r.Result.TrueAnomalies),
            ["missed"] = results.Sum(r => r.Result.Missed),
            ["false_alarms"] = results.Sum(r => r.Result.FalseAlarms),
            ["distribution"] = results.GroupBy(r => (r.Result.Missed, r.Result.FalseAlarms)).OrderBy(g => g.Key)
                .Select(g => new Dictionary<string, int> { ["missed"] = g.Key.Missed, ["false_alarms"] = g.Key.FalseAlarms, ["seeds"] = g.Count() }).ToList(),
        });
}
