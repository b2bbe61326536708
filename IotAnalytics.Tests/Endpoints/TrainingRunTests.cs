using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Tests.Commands;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Commands.Registry;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Endpoints;

public sealed class TrainingRunTests : IAsyncLifetime
{
    private static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private TestHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await TestHost.StartAsync(
        ("Lake:CutAge", "00:00:00.5"), ("Profiles:climate:Measurements:humidity:Max", "100"), ("Profiles:climate:Measurements:humidity:Min", "0"),
        ("Profiles:climate:Measurements:temperature:Max", "200"), ("Profiles:climate:Measurements:temperature:Min", "-50"),
        ("Profiles:climate:Training:Window", "1.00:00:00"), ("Profiles:climate:Training:Schedule", "never"));

    public ValueTask DisposeAsync() => _host?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task A_model_is_trained_on_what_the_lake_has()
    {
        await LoadAsync(sensors: 10, readings: 15_000);

        var trained = await TrainAsync("--wait", "--seed", "7");

        Assert.Equal(0, trained.ExitCode);
        Assert.Contains("climate version 2, made of 15,000 readings", trained.Output, StringComparison.Ordinal);
        Assert.Matches("the gate says (promote|ask|refuse): 'models compare climate 2' shows why", trained.Output);
        var run = Assert.Single((await GetAsync("/training-runs?model=climate&state=succeeded")).GetProperty("items").EnumerateArray());
        Assert.Equal(("2", 7, 1.0), (run.GetProperty("version").GetString(), run.GetProperty("seed").GetInt32(), run.GetProperty("progress").GetDouble()));
        var version = await GetAsync("/models/climate/versions/2");
        var card = version.GetProperty("card");
        Assert.Equal((10, "alarm_rate"), (card.GetProperty("sensors").GetInt32(), card.GetProperty("threshold").GetProperty("rule").GetString()));
        Assert.Equal(2, card.GetProperty("watermark")[0].GetProperty("newest_offset").GetInt64());
        Assert.False(version.GetProperty("is_champion").GetBoolean());

        // The same once more: another version with the same model in it.
        Assert.Equal(0, (await TrainAsync("--wait", "--seed", "7")).ExitCode);
        var again = (await GetAsync("/models/climate/versions/3")).GetProperty("card");
        foreach (var field in new[] { "threshold", "features", "measurements", "memory", "excluded", "window" })
        {
            Assert.Equal(card.GetProperty(field).GetRawText(), again.GetProperty(field).GetRawText());
        }

        Assert.Single(Directory.GetFiles(Path.Combine(_host.Folder, "lake"), $"levels-{card.GetProperty("memory").GetString()}.json", SearchOption.AllDirectories));
        var audit = Assert.Single((await GetAsync("/audit?action=training_run_queued&limit=1")).GetProperty("items").EnumerateArray());
        Assert.Equal("model/climate", audit.GetProperty("target").GetString());
    }

    [Fact]
    public async Task What_people_have_confirmed_or_excluded_is_not_learned_from()
    {
        await LoadAsync(sensors: 10, readings: 15_000, hot: 3);
        var anomaly = (await GetAsync("/anomalies?sensor_id=s_2&limit=1")).GetProperty("items")[0].GetProperty("id").GetString();
        using var verdict = await _host.Client.PutAsJsonAsync($"/api/v1/anomalies/{anomaly}/verdict", new { verdict = "confirmed" }, Cancel);
        Assert.Equal(HttpStatusCode.OK, verdict.StatusCode);
        using var period = await PostAsync("/models/climate/exclusions", new { sensor_id = "s_5", from = "2026-01-01T00:00:00Z", to = "2026-01-01T00:10:00Z", reason = "calibration" });

        Assert.Equal(0, (await TrainAsync("--wait")).ExitCode);

        var excluded = (await GetAsync("/models/climate/versions/2")).GetProperty("card").GetProperty("excluded");
        // A reading of each of ten sensors every ten seconds.
        Assert.Equal((1, 60), (excluded.GetProperty("confirmed").GetInt32(), excluded.GetProperty("period").GetInt32()));
    }

    [Fact]
    public async Task What_is_too_little_is_a_failed_run_that_says_so()
    {
        await LoadAsync(sensors: 5, readings: 500);

        var trained = await TrainAsync("--wait");

        Assert.Equal(1, trained.ExitCode);
        Assert.Contains("needs 10000 reference rows", trained.Output, StringComparison.Ordinal);
        Assert.Single((await GetAsync("/models/climate/versions")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task A_second_run_is_refused_by_the_name_of_the_first_and_a_queued_one_is_cancelled()
    {
        // Queued behind a run of another host that lives.
        await _host.Services.GetRequiredService<DatabaseWriter>().WriteAsync(
            t => t.Execute(
                """
                INSERT INTO training_run (name, reason, requested_by, requested_at, state, owner, lease_until, progress, window_from, window_to, seed, attempts, is_cancel_requested, rows_read)
                VALUES ('climate', 'request', 'ann', @t, 'running', 'elsewhere', @later, 0, @t, @t, 1, 1, 0, 0)
                """,
                ("@t", DbTime.From(Start)), ("@later", DbTime.From(TimeProvider.System.GetUtcNow().AddHours(1)))),
            Cancel);

        using var second = await PostAsync("/models/climate/training-runs", new { from = "2026-01-01T00:00:00Z", to = "2026-01-02T00:00:00Z" });
        Assert.Equal((HttpStatusCode.Conflict, "training_run_open"), (second.StatusCode, await CodeAsync(second)));
        using var cancelled = await _host.Client.DeleteAsync("/api/v1/training-runs/1", Cancel);
        Assert.Equal(HttpStatusCode.Accepted, cancelled.StatusCode);
        Assert.True((await GetAsync("/training-runs/1")).GetProperty("is_cancel_requested").GetBoolean());
    }

    [Theory]
    [InlineData(404, "model_not_found", "/models/nothing/training-runs", """{"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z"}""")]
    [InlineData(422, "training_refused", "/models/climate/training-runs", null)]
    [InlineData(422, "training_refused", "/models/climate/training-runs", """{"from":"2026-01-03T00:00:00Z","to":"2026-01-02T00:00:00Z"}""")]
    [InlineData(400, "invalid_parameter", "/models/climate/training-runs", """{"seed":1.5}""")]
    [InlineData(400, "invalid_parameter", "/models/climate/training-runs", """{"from":"yesterday"}""")]
    [InlineData(400, "invalid_parameter", "/models/climate/exclusions", """{"from":"2026-01-03T00:00:00Z","to":"2026-01-02T00:00:00Z","reason":"r"}""")]
    [InlineData(404, "model_not_found", "/models/nothing/exclusions", """{"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z","reason":"r"}""")]
    public async Task What_cannot_be_is_refused_with_its_code(int status, string code, string path, string? body)
    {
        using var answer = await _host.Client.PostAsync($"/api/v1{path}", body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"), Cancel);

        Assert.Equal((status, code), ((int)answer.StatusCode, await CodeAsync(answer)));
    }

    [Fact]
    public async Task An_exclusion_is_added_listed_told_and_removed()
    {
        using var added = await PostAsync("/models/climate/exclusions", new { sensor_id = "s_1", from = "2026-01-01T00:00:00Z", to = "2026-01-02T00:00:00Z", reason = "maintenance" });
        Assert.Equal(HttpStatusCode.Created, added.StatusCode);
        var listed = Assert.Single((await GetAsync("/models/climate/exclusions")).GetProperty("items").EnumerateArray());
        Assert.Equal(("s_1", "maintenance"), (listed.GetProperty("sensor_id").GetString(), listed.GetProperty("reason").GetString()));

        using var removed = await _host.Client.DeleteAsync(added.Headers.Location, Cancel);
        using var again = await _host.Client.DeleteAsync(added.Headers.Location, Cancel);

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NotFound), (removed.StatusCode, again.StatusCode));
        Assert.Single((await GetAsync("/audit?action=training_exclusion_added")).GetProperty("items").EnumerateArray());
        Assert.Single((await GetAsync("/audit?action=training_exclusion_removed")).GetProperty("items").EnumerateArray());
    }

    /// <param name="hot">Readings of sensor s_2 that are plainly anomalous.</param>
    private async Task LoadAsync(int sensors, int readings, int hot = 0)
    {
        var random = new Random(1);
        foreach (var body in Enumerable.Range(0, readings).Chunk(5_000))
        {
            var lines = body.Select(i => string.Create(
                CultureInfo.InvariantCulture,
                $$"""{"sensor_id":"s_{{i % sensors}}","timestamp":"{{Start.AddSeconds(i):yyyy-MM-dd'T'HH:mm:ss'Z'}}","temperature":{{(i % sensors == 2 && i < hot * sensors ? 110 : 18) + 10 * random.NextDouble():F3}},"humidity":{{40 + 30 * random.NextDouble():F3}}}"""));
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/readings") { Content = new StringContent(string.Join('\n', lines), Encoding.UTF8, "application/x-ndjson") };
            request.Headers.Add("Iot-Record-Time", "event");
            using var answer = await _host.Client.SendAsync(request, Cancel);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        }

        while ((await GetAsync("/lake/tables")).GetProperty("items").EnumerateArray().Where(t => t.GetProperty("table").GetString() != "bronze")
            .Sum(t => t.GetProperty("rows").GetInt64() + t.GetProperty("waiting_rows").GetInt64()) < readings)
        {
            await Task.Delay(50, Cancel);
        }
    }

    private Task<(int ExitCode, string Output, string Error)> TrainAsync(params string[] more) =>
        CommandRun.RunAsync(ModelsCommand.Create(), ["train", "climate", "--url", $"{_host.Address}", "--key", _host.Key, .. more]);

    private async Task<JsonElement> GetAsync(string path)
    {
        var answer = await _host.Client.GetAsync($"/api/v1{path}", Cancel);
        var body = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode} {body}");
        return JsonSerializer.Deserialize<JsonElement>(body);
    }

    private Task<HttpResponseMessage> PostAsync(string path, object body) => _host.Client.PostAsJsonAsync($"/api/v1{path}", body, Cancel);

    private static async Task<string?> CodeAsync(HttpResponseMessage answer) => (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("code").GetString();
}
