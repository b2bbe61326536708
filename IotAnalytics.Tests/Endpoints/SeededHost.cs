using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Tests.Fixtures;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Endpoints;

/// <summary>
/// A host whose database holds a known past: sensors s_a to s_e, of which s_a has anomalies, roll-ups and dead letters around noon of 2026-01-01 (source 99).
/// </summary>
public sealed class SeededHost : IAsyncLifetime
{
    public static readonly DateTime Noon = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);
    private TestHost? _host;

    internal TestHost Host => _host!;

    public async ValueTask InitializeAsync()
    {
        _host = await TestHost.StartAsync();
        await using var context = await Host.Services.GetRequiredService<IDbContextFactory<AnalyticsDbContext>>().CreateDbContextAsync();
        for (var i = 0; i < 5; i++)
        {
            context.Sensors.Add(new Sensor
            {
                SensorKey = 100 + i,
                SensorId = $"s_{(char)('a' + i)}",
                Profile = "climate",
                FirstSeenAt = Noon,
                LastEventTime = Noon,
                LastRecordTime = Noon,
                LastMeasurements = """{"temperature":21.5,"humidity":50}""",
                LastScore = 0.42,
                LastFlags = 1 | (1 << 5),
            });
        }

        string[] severities = ["low", "medium", "high", "critical", "low"];
        for (var i = 0; i < 5; i++)
        {
            // Two of them at the same event time: the identity decides their order.
            context.Anomalies.Add(new Anomaly
            {
                SourceId = 99,
                Partition = 0,
                RecordOffset = 10 + i,
                Item = i,
                SensorKey = i == 4 ? 101 : 100,
                EventTime = Noon.AddMinutes(i == 3 ? 2 : i),
                RecordTime = Noon,
                DetectedAt = Noon,
                AnomalyScore = 0.75,
                Threshold = 0.6,
                Detector = "IsolationForest",
                Rarity = 0.001,
                Severity = severities[i],
                TopMeasurement = "temperature",
                Explanation = """{"measurements":[],"also":null}""",
                Measurements = """{"temperature":95.5,"humidity":10}""",
                ModelVersion = "1",
            });
            context.DeadLetters.Add(new DeadLetterRow
            {
                SourceId = 99,
                Partition = 0,
                RecordOffset = 10 + i,
                Item = 0,
                Reason = i == 0 ? "malformed_json" : "missing_timestamp",
                Detail = "detail",
                PayloadHead = [(byte)'{', 0xFF],
                RecordTime = Noon.AddSeconds(i),
            });
        }

        for (var i = 0; i < 3; i++)
        {
            foreach (var (measurement, value) in new[] { ("humidity", 50.0), ("temperature", 20.0 + i) })
            {
                context.SensorMinutes.Add(new SensorMinute
                {
                    SensorKey = 100,
                    Measurement = measurement,
                    BucketStart = Noon.AddMinutes(i),
                    ReadingCount = 2,
                    ValueMin = value - 1,
                    ValueMax = value + 1,
                    ValueSum = 2 * value,
                    ValueSumSquares = ((value - 1) * (value - 1)) + ((value + 1) * (value + 1)),
                    AnomalyCount = i,
                    ScoreMax = 0.5,
                });
            }
        }

        context.SensorHours.Add(new SensorHour
        {
            SensorKey = 100,
            Measurement = "temperature",
            BucketStart = Noon,
            ReadingCount = 4,
            ValueMin = 5,
            ValueMax = 30,
            ValueSum = 80,
            ValueSumSquares = 1700,
            AnomalyCount = 1,
        });
        context.Models.Add(new Model { Name = "boiler", Champion = "2", CreatedAt = Noon });
        foreach (var version in new[] { "1", "2", "10" })
        {
            context.ModelVersions.Add(new ModelVersion
            {
                Name = "boiler",
                Version = version,
                ObjectKey = "k",
                Sha256 = "s",
                Card = """{"seed":7}""",
                CreatedAt = Noon,
                CreatedBy = "test",
            });
        }

        foreach (var (version, verdict) in new[] { ("2", "ask"), ("10", "refuse"), ("2", "promote") })
        {
            context.GateReports.Add(new GateReportRow { Name = "boiler", Version = version, Champion = "1", CreatedAt = Noon, Verdict = verdict, Report = "{}" });
            await context.SaveChangesAsync();
        }

        context.Sources.Add(new Source { SourceId = 99, Kind = "embedded", ClusterId = "past", Topic = "past", OpenedAt = Noon, ClosedAt = Noon });
        context.StreamPartitions.Add(new StreamPartition
        {
            SourceId = 99,
            Partition = 0,
            OwnerEpoch = 3,
            Owner = "another",
            FastOffset = 30,
            RollupOffset = 20,
            LakeOffset = 10,
        });
        context.LostRanges.Add(new LostRange { SourceId = 99, Partition = 0, FirstOffset = 1, NextOffset = 5, SeenAt = Noon });
        await context.SaveChangesAsync();
    }

    public ValueTask DisposeAsync() => _host?.DisposeAsync() ?? ValueTask.CompletedTask;

    internal async Task<JsonElement> GetAsync(string path)
    {
        var answer = await Host.Client.GetAsync($"/api/v1{path}", TestContext.Current.CancellationToken);
        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode} {body}");
        return JsonSerializer.Deserialize<JsonElement>(body);
    }

    /// <summary>The problem of a refused request, whose status must be as expected.</summary>
    internal async Task<JsonElement> GetProblemAsync(string path, HttpStatusCode expected)
    {
        var answer = await Host.Client.GetAsync($"/api/v1{path}", TestContext.Current.CancellationToken);
        Assert.Equal(expected, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.Equal(((int)expected).ToString(CultureInfo.InvariantCulture), problem.GetProperty("status").GetRawText());
        Assert.NotEmpty(problem.GetProperty("trace_id").GetString()!);
        return problem;
    }

    /// <summary>A property of every item, page by page.</summary>
    internal async Task<List<string>> PagesAsync(string path, string property)
    {
        var values = new List<string>();
        for (string? cursor = null; ;)
        {
            var page = await GetAsync(cursor is null ? path : $"{path}{(path.Contains('?') ? '&' : '?')}cursor={cursor}");
            values.AddRange(page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty(property).GetString()!));
            cursor = page.GetProperty("next_cursor").GetString();
            if (cursor is null)
            {
                return values;
            }
        }
    }
}
