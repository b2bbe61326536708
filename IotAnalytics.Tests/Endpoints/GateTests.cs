using System.Net;
using System.Text.Json;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Modeling.Training.Runs;
using IotAnalytics.Tests.Commands;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Commands.Registry;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Endpoints;

/// <summary>Candidates of a running host: judged by themselves, promoted where the profile says so.</summary>
public sealed class GateTests : IAsyncDisposable
{
    private const int Sensors = 8;
    private const int Rows = 1_000;
    private static readonly DateTime Begin = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private TestHost? _host;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }
    }

    [Fact]
    public async Task Managed_promotes_the_first_model_of_readings_and_the_one_that_knows_the_new_season_and_no_sabotaged_one()
    {
        await StartAsync(TrainingPolicy.Managed);
        await ClimatePlant.LoadAsync(_host!, Begin, Sensors, Rows, warmer: 0);
        await TrainAsync(Begin);
        await UntilAsync(async () => (await ChampionAsync()) == "2");

        // Most sensors have changed: the champion does not know such readings.
        var summer = Begin.AddDays(3);
        await ClimatePlant.LoadAsync(_host!, summer, Sensors, Rows, warmer: 7);
        await TrainAsync(summer);
        await UntilAsync(async () => (await ChampionAsync()) == "3");

        var report = await GetAsync("/models/climate/versions/3/gate");
        Assert.Equal(("promote", "2"), (report.GetProperty("verdict").GetString(), report.GetProperty("champion").GetString()));
        Assert.True(report.GetProperty("report").GetProperty("season").GetProperty("is_season").GetBoolean());
        var change = (await GetAsync("/models/climate/history?alias=champion&limit=1")).GetProperty("items")[0];
        Assert.Equal(("gate", "3", "2"), (change.GetProperty("by").GetString(), change.GetProperty("version").GetString(), change.GetProperty("previous").GetString()));
        Assert.Contains("a new season: 8 of 8 sensors", change.GetProperty("reason").GetString(), StringComparison.Ordinal);

        var registry = _host!.Services.GetRequiredService<ModelRegistry>();
        var sound = await registry.LoadAsync("climate", "3", Cancel);
        await registry.AddVersionAsync(sound with { Threshold = sound.Threshold * 0.9 }, "mallory", trainingRunId: null, together: null, Cancel);
        var compared = await CommandRun.RunAsync(ModelsCommand.Create(), ["compare", "climate", "4", "--again", "--url", $"{_host.Address}", "--key", _host.Key]);

        Assert.Equal(0, compared.ExitCode);
        Assert.Contains("climate version 4 against champion 3: REFUSE", compared.Output, StringComparison.Ordinal);
        Assert.Contains("its threshold was moved", compared.Output, StringComparison.Ordinal);
        Assert.Contains("times the target", compared.Output, StringComparison.Ordinal);
        Assert.Equal("3", await ChampionAsync());
        Assert.Single((await GetAsync("/audit?action=candidate_judged")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Manual_judges_and_leaves_the_decision_to_people()
    {
        await StartAsync(TrainingPolicy.Manual);
        await ClimatePlant.LoadAsync(_host!, Begin, Sensors, Rows, warmer: 0);
        await TrainAsync(Begin);
        await UntilAsync(async () => (await _host!.Client.GetAsync("/api/v1/models/climate/versions/2/gate", Cancel)).IsSuccessStatusCode);

        Assert.Equal("promote", (await GetAsync("/models/climate/versions/2/gate")).GetProperty("verdict").GetString());
        Assert.Equal("1", await ChampionAsync());
        var json = await CommandRun.RunAsync(ModelsCommand.Create(), ["compare", "climate", "2", "--json", "--url", $"{_host!.Address}", "--key", _host.Key]);
        Assert.Equal(0.002, JsonSerializer.Deserialize<JsonElement>(json.Output).GetProperty("report").GetProperty("target_alarm_rate").GetDouble());

        using var champion = await _host.Client.PostAsync("/api/v1/models/climate/versions/1/gate", null, Cancel);
        using var none = await _host.Client.GetAsync("/api/v1/models/climate/versions/9/gate", Cancel);
        using var unjudged = await _host.Client.GetAsync("/api/v1/models/climate/versions/1/gate", Cancel);
        Assert.Equal((HttpStatusCode.Conflict, "nothing_to_compare"), (champion.StatusCode, await CodeAsync(champion)));
        Assert.Equal((HttpStatusCode.NotFound, "model_not_found"), (none.StatusCode, await CodeAsync(none)));
        Assert.Equal((HttpStatusCode.NotFound, "gate_report_not_found"), (unjudged.StatusCode, await CodeAsync(unjudged)));
    }

    private async Task StartAsync(string promotion) => _host = await TestHost.StartAsync(
        ("Lake:CutAge", "00:00:00.5"),
        ("Profiles:climate:Measurements:humidity:Max", "100"), ("Profiles:climate:Measurements:humidity:Min", "0"),
        ("Profiles:climate:Measurements:temperature:Max", "200"), ("Profiles:climate:Measurements:temperature:Min", "-50"),
        ("Profiles:climate:Detectors:0:TargetAlarmRate", "0.002"),
        ("Profiles:climate:Training:Window", "2.00:00:00"), ("Profiles:climate:Training:Schedule", "never"), ("Profiles:climate:Training:Promotion", promotion));

    private async Task TrainAsync(DateTime from)
    {
        var trained = await CommandRun.RunAsync(
            ModelsCommand.Create(), ["train", "climate", "--wait", "--from", $"{from:yyyy-MM-dd'T'HH:mm:ss'Z'}", "--url", $"{_host!.Address}", "--key", _host.Key]);
        Assert.True(trained.ExitCode == 0, trained.Output + trained.Error);
    }

    private async Task<string?> ChampionAsync() => (await GetAsync("/models")).GetProperty("items")[0].GetProperty("champion").GetString();

    private async Task UntilAsync(Func<Task<bool>> isSo)
    {
        while (!await isSo())
        {
            await Task.Delay(50, Cancel);
        }
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using var answer = await _host!.Client.GetAsync($"/api/v1{path}", Cancel);
        var body = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode} {body}");
        return JsonSerializer.Deserialize<JsonElement>(body);
    }

    private static async Task<string?> CodeAsync(HttpResponseMessage answer) =>
        JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Cancel)).GetProperty("code").GetString();
}
