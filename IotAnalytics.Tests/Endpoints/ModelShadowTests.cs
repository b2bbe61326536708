using System.Net;
using System.Text.Json;
using IotAnalytics.Core.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Endpoints;

public sealed class ModelShadowTests : IAsyncLifetime
{
    private const string Window = "from=2026-01-01T11:00:00Z&to=2026-01-01T13:00:00Z";
    private readonly SeededHost _host = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task The_report_sums_the_window_and_counts_verdicts_for_both_models()
    {
        await SeedAsync();

        var report = await _host.GetAsync($"/models/climate/shadow?{Window}");

        Assert.Equal((10_000, 40, 60, 20, 9_880), (Int(report, "readings"), Int(report, "both"), Int(report, "champion_only"), Int(report, "shadow_only"), Int(report, "neither")));
        Assert.Equal(0.992, report.GetProperty("agreement").GetDouble(), 1e-12);
        Assert.InRange(report.GetProperty("alarms_p_value").GetDouble(), 1e-6, 1e-4);
        var (champion, shadow) = (report.GetProperty("champion"), report.GetProperty("shadow"));
        Assert.Equal(("1", 100, 0.01, 300.0), (champion.GetProperty("version").GetString(), Int(champion, "alarms"), Number(champion, "alarm_rate"), Number(champion, "nanoseconds_per_reading")));
        Assert.Equal(("7", 60, 0.006, 500.0), (shadow.GetProperty("version").GetString(), Int(shadow, "alarms"), Number(shadow, "alarm_rate"), Number(shadow, "nanoseconds_per_reading")));
        Assert.Equal((6, 9), (Int(champion.GetProperty("precision"), "confirmed"), Int(champion.GetProperty("precision"), "dismissed")));
        Assert.Equal((5, 1), (Int(shadow.GetProperty("precision"), "confirmed"), Int(shadow.GetProperty("precision"), "dismissed")));
        Assert.Equal((1, 8), (Int(report.GetProperty("differences"), "champion_right"), Int(report.GetProperty("differences"), "shadow_right")));
        Assert.Equal(0.0390625, report.GetProperty("differences").GetProperty("p_value").GetDouble(), 1e-9);
        Assert.Equal(JsonValueKind.Null, report.GetProperty("split").ValueKind);
    }

    [Fact]
    public async Task A_split_says_what_it_can_tell()
    {
        await SeedAsync(share: 0.25);

        var split = (await _host.GetAsync($"/models/climate/shadow?{Window}")).GetProperty("split");

        Assert.Equal((0.25, 0.5, 0.6, 388), (Number(split, "share"), Number(split, "tells_from"), Number(split, "tells_to"), Int(split, "needed_per_arm")));
        Assert.Equal((6, 0), (Int(split.GetProperty("champion"), "confirmed"), Int(split.GetProperty("shadow"), "confirmed")));
        Assert.Equal(0, Number(split, "power"));
    }

    [Fact]
    public async Task Without_a_pair_there_is_no_report_and_a_former_shadow_is_reported_while_its_minutes_are_in_the_window()
    {
        Assert.Equal("shadow_not_found", (await _host.GetProblemAsync("/models/climate/shadow", HttpStatusCode.NotFound)).GetProperty("code").GetString());
        await SeedAsync(isShadowNow: false);

        Assert.Equal("7", (await _host.GetAsync($"/models/climate/shadow?{Window}")).GetProperty("shadow").GetProperty("version").GetString());
        Assert.Equal("6", (await _host.GetAsync("/models/climate/shadow?from=2026-01-01T11:00:00Z&to=2026-01-01T12:00:00Z")).GetProperty("shadow").GetProperty("version").GetString());
        Assert.Equal("shadow_not_found", (await _host.GetProblemAsync("/models/climate/shadow", HttpStatusCode.NotFound)).GetProperty("code").GetString());
        Assert.Equal("invalid_parameter", (await _host.GetProblemAsync("/models/climate/shadow?from=yesterday", HttpStatusCode.BadRequest)).GetProperty("code").GetString());
    }

    private static int Int(JsonElement of, string name) => of.GetProperty(name).GetInt32();

    private static double Number(JsonElement of, string name) => of.GetProperty(name).GetDouble();

    /// <summary>Two partitions of one minute, a minute of another pair, a minute outside of the window; 15 judged anomalies.</summary>
    private async Task SeedAsync(double share = 0, bool isShadowNow = true)
    {
        await using var context = await _host.Host.Services.GetRequiredService<IDbContextFactory<AnalyticsDbContext>>().CreateDbContextAsync(Cancel);
        if (isShadowNow)
        {
            await context.Models.Where(m => m.Name == "climate")
                .ExecuteUpdateAsync(m => m.SetProperty(x => x.Champion, "1").SetProperty(x => x.Shadow, "7").SetProperty(x => x.ShadowShare, share), Cancel);
        }

        for (var partition = 0; partition < 2; partition++)
        {
            context.ShadowMinutes.Add(Minute(partition, "7", SeededHost.Noon));
        }

        context.ShadowMinutes.Add(Minute(0, "6", SeededHost.Noon.AddMinutes(-1)));
        context.ShadowMinutes.Add(Minute(0, "7", SeededHost.Noon.AddDays(-1)));
        for (var i = 0; i < 15; i++)
        {
            // 6 that both raised (5 confirmed), 9 of the champion alone (1 confirmed).
            context.Anomalies.Add(new Anomaly
            {
                SourceId = 99,
                Partition = 1,
                RecordOffset = i,
                Item = 0,
                SensorKey = 100,
                EventTime = SeededHost.Noon,
                RecordTime = SeededHost.Noon,
                DetectedAt = SeededHost.Noon,
                AnomalyScore = 0.75,
                Threshold = 0.6,
                Detector = "IsolationForest",
                Rarity = 0.001,
                Severity = "low",
                TopMeasurement = "temperature",
                Explanation = "{}",
                Measurements = "{}",
                ModelVersion = "1",
                OtherVersion = "7",
                IsOtherAnomaly = i < 6,
                Verdict = i is < 5 or 6 ? "confirmed" : "dismissed",
            });
        }

        await context.SaveChangesAsync(Cancel);
    }

    private static ShadowMinute Minute(int partition, string shadow, DateTime start) => new()
    {
        Profile = "climate",
        BucketStart = start,
        SourceId = 99,
        Partition = partition,
        ChampionVersion = "1",
        ShadowVersion = shadow,
        Both = 20,
        ChampionOnly = 30,
        ShadowOnly = 10,
        Neither = 4_940,
        ChampionNanoseconds = 1_500_000,
        ShadowNanoseconds = 2_500_000,
    };
}
