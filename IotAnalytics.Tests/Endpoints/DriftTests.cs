using System.Text.Json;
using IotAnalytics.Core.Modeling.Drift;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Tests.Commands;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Commands.Registry;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Endpoints;

/// <summary>Drift of a running host: from readings in the lake to a queued training run.</summary>
public sealed class DriftTests : IAsyncLifetime
{
    private const int Sensors = 8;
    private static readonly DateTime Begin = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private TestHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await TestHost.StartAsync(
        ("Lake:CutAge", "00:00:00.5"),
        ("Profiles:climate:Measurements:humidity:Max", "100"), ("Profiles:climate:Measurements:humidity:Min", "0"),
        ("Profiles:climate:Measurements:temperature:Max", "200"), ("Profiles:climate:Measurements:temperature:Min", "-50"),
        ("Profiles:climate:Training:Window", "2.00:00:00"), ("Profiles:climate:Training:Schedule", "never"));

    public ValueTask DisposeAsync() => _host?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task Two_shifted_days_are_drift_and_queue_one_run_and_a_healthy_day_and_a_short_one_are_not()
    {
        var watch = _host.Services.GetRequiredService<DriftWatch>();
        Assert.Contains("bootstrap", (await DriftAsync()).GetProperty("not_measurable").GetString(), StringComparison.Ordinal);

        // Two days to learn from: 23,040 rows, enough for the chart too.
        await ClimatePlant.LoadAsync(_host, Begin, Sensors, 2 * 1_440, warmer: 0);
        var trained = await CommandRun.RunAsync(ModelsCommand.Create(), ["train", "climate", "--wait", "--url", $"{_host.Address}", "--key", _host.Key]);
        Assert.True(trained.ExitCode == 0, trained.Output + trained.Error);
        Assert.True(await _host.Services.GetRequiredService<ModelRegistry>().SetChampionAsync("climate", "2", "1", "ann", "a test", Cancel));

        await ClimatePlant.LoadAsync(_host, Begin.AddDays(2), Sensors, 700, warmer: 0);
        await ClimatePlant.LoadAsync(_host, Begin.AddDays(3), Sensors, 100, warmer: 0);
        await ClimatePlant.LoadAsync(_host, Begin.AddDays(4), Sensors, 130, warmer: 0);
        await watch.MeasureAllAsync(Cancel);
        var calm = await DriftAsync();
        Assert.Empty(calm.GetProperty("drifting").EnumerateArray());
        Assert.Empty(calm.GetProperty("alarms").EnumerateArray());
        Assert.Equal(["2026-01-04", "2026-01-03"], calm.GetProperty("days").EnumerateArray().Select(d => d.GetProperty("day").GetString()));
        Assert.Equal(5_000, calm.GetProperty("days")[0].GetProperty("rows_needed").GetInt32());
        Assert.Equal(4, calm.GetProperty("days")[1].GetProperty("features").GetArrayLength());
        Assert.All(calm.GetProperty("days")[1].GetProperty("features").EnumerateArray(), f => Assert.InRange(f.GetProperty("index").GetDouble(), 0, StabilityIndex.Limit));
        Assert.Empty(await DriftRunsAsync());

        var change = Begin.AddDays(4).AddMinutes(130);
        await ClimatePlant.LoadAsync(_host, change, Sensors, 700, warmer: 4);
        await ClimatePlant.LoadAsync(_host, Begin.AddDays(5), Sensors, 700, warmer: 4);
        await ClimatePlant.LoadAsync(_host, Begin.AddDays(6), Sensors, 10, warmer: 4);
        await watch.MeasureAllAsync(Cancel);
        await watch.MeasureAllAsync(Cancel);
        var drifted = await DriftAsync();

        Assert.Contains("temperature", drifted.GetProperty("drifting").EnumerateArray().Select(f => f.GetString()));
        Assert.NotEmpty(drifted.GetProperty("alarms").EnumerateArray());
        Assert.InRange(drifted.GetProperty("alarms").EnumerateArray().Last().GetProperty("time").GetDateTime(), change, change.AddMinutes(30));
        Assert.Single(await DriftRunsAsync());
        Assert.Equal("2", (await GetAsync("/models")).GetProperty("items")[0].GetProperty("champion").GetString());
    }

    private Task<JsonElement> DriftAsync() => GetAsync("/models/climate/drift");

    private async Task<List<JsonElement>> DriftRunsAsync() =>
        [.. (await GetAsync("/training-runs?model=climate")).GetProperty("items").EnumerateArray().Where(r => r.GetProperty("reason").GetString() == "drift")];

    private async Task<JsonElement> GetAsync(string path)
    {
        using var answer = await _host.Client.GetAsync($"/api/v1{path}", Cancel);
        var body = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode} {body}");
        return JsonSerializer.Deserialize<JsonElement>(body);
    }
}
