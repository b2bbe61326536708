using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Endpoints;

/// <summary>What a user of the API sees of readings that he has sent.</summary>
public sealed class WholeWayTests : IDisposable
{
    private const string Noon = "2024-05-01T12:00:00.000Z";
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-way-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_hot_sensor_is_announced_listed_explained_and_kept()
    {
        string anomaly;
        await using (var host = await TestHost.StartAsync(_folder, null))
        {
            await using var stream = await host.Client.GetStreamAsync("/api/v1/live", Cancel);
            await using var events = SseParser.Create(stream).EnumerateAsync(Cancel).GetAsyncEnumerator(Cancel);
            Assert.True(await events.MoveNextAsync());

            await SendAsync(host, Reading("calm", 22, 52), Reading("hot", 104.5, 7), """{"sensor_id":"mute","temperature":1}""");
            while (events.Current.EventType != "anomaly")
            {
                Assert.True(await events.MoveNextAsync());
            }

            anomaly = JsonSerializer.Deserialize<JsonElement>(events.Current.Data).GetProperty("id").GetString()!;
            var found = await GetAsync(host, $"/anomalies/{anomaly}");
            Assert.Equal("hot", found.GetProperty("sensor_id").GetString());
            Assert.True(found.GetProperty("score_ratio").GetDouble() > 1);
            Assert.Contains(found.GetProperty("explanation").GetProperty("measurements").EnumerateArray(), m => m.GetProperty("name").GetString() == found.GetProperty("top_measurement").GetString());
        }

        // The stop has cut and published what was taken.
        await using var again = await TestHost.StartAsync(_folder, null);
        var hot = Assert.Single((await GetAsync(again, "/sensors/hot/readings?from=2024-05-01T00:00:00Z")).GetProperty("items").EnumerateArray());
        Assert.Equal(anomaly, hot.GetProperty("id").GetString());
        Assert.True(hot.GetProperty("is_anomaly").GetBoolean());
        Assert.Equal(104.5, hot.GetProperty("measurements").GetProperty("temperature").GetDouble());
        var calm = Assert.Single((await GetAsync(again, "/sensors/calm/readings?from=2024-05-01T00:00:00Z")).GetProperty("items").EnumerateArray());
        Assert.False(calm.GetProperty("is_anomaly").GetBoolean());
        var letter = Assert.Single((await GetAsync(again, "/dead-letters")).GetProperty("items").EnumerateArray());
        Assert.Equal("missing_timestamp", letter.GetProperty("reason").GetString());
        var tables = (await GetAsync(again, "/lake/tables")).GetProperty("items").EnumerateArray().ToDictionary(t => t.GetProperty("table").GetString()!);
        Assert.Equal([1L, 1L, 1L], new[] { "bronze", "silver", "gold" }.Select(t => tables[t].GetProperty("rows").GetInt64() + tables[t].GetProperty("waiting_rows").GetInt64()));
        Assert.Equal("hot", (await GetAsync(again, "/sensors/hot")).GetProperty("sensor_id").GetString());
        Assert.Equal(2, (await GetAsync(again, "/sensors/hot/metrics?from=2024-05-01T00:00:00Z&to=2024-05-02T00:00:00Z")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Readings_of_a_sensor_come_page_by_page_in_the_order_of_their_events()
    {
        await using (var host = await TestHost.StartAsync(_folder, null))
        {
            await SendAsync(host, [.. Enumerable.Range(0, 7).Reverse().Select(i => Reading("s", 20 + i, 50, $"2024-05-01T12:00:0{i}.000Z"))]);
            // What the stop finds in the log only, it leaves there for the next start.
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            limit.CancelAfter(TimeSpan.FromSeconds(30));
            while ((await GetAsync(host, "/pipeline")).GetProperty("totals").GetProperty("readings").GetInt64() < 7)
            {
                await Task.Delay(10, limit.Token);
            }
        }

        await using var again = await TestHost.StartAsync(_folder, null);
        var seconds = new List<string>();
        string? cursor = null;
        do
        {
            var page = await GetAsync(again, $"/sensors/s/readings?from=2024-05-01T00:00:00Z&limit=3{(cursor is null ? "" : $"&cursor={cursor}")}");
            seconds.AddRange(page.GetProperty("items").EnumerateArray().Select(r => r.GetProperty("event_time").GetString()![^3..^1]));
            cursor = page.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);

        Assert.Equal(["00", "01", "02", "03", "04", "05", "06"], seconds);
    }

    [Fact]
    public async Task A_score_is_told_and_nothing_is_stored()
    {
        await using var host = await TestHost.StartAsync(_folder, null);
        var body = $"{Reading("a", 22, 52)}\n{Reading("b", 104.5, 7)}\n{Reading("b", 104.5, 7)}\n17\n{{\"sensor_id\":\"c\",\"timestamp\":\"{Noon}\",\"pressure\":1}}";

        var answer = await host.Client.PostAsync("/api/v1/score", new StringContent(body, Encoding.UTF8, "application/x-ndjson"), Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var result = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        var items = result.GetProperty("items");
        Assert.Equal([false, true, true], items.EnumerateArray().Select(i => i.GetProperty("is_anomaly").GetBoolean()));
        Assert.Equal(items[1].GetProperty("anomaly_score").GetDouble(), items[2].GetProperty("anomaly_score").GetDouble());
        Assert.NotEmpty(items[0].GetProperty("explanation").GetProperty("measurements").EnumerateArray());
        Assert.Equal(["not_an_object", "unknown_profile"], result.GetProperty("rejected").EnumerateArray().Select(r => r.GetProperty("reason").GetString()!));
        Assert.Empty((await GetAsync(host, "/sensors")).GetProperty("items").EnumerateArray());
        Assert.Equal(0, (await GetAsync(host, "/pipeline")).GetProperty("totals").GetProperty("readings").GetInt64());
    }

    private static string Reading(string sensor, double temperature, double humidity, string time = Noon) =>
        JsonSerializer.Serialize(new { sensor_id = sensor, timestamp = time, temperature, humidity });

    private static async Task SendAsync(TestHost host, params string[] readings)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/readings") { Content = new StringContent(string.Join('\n', readings), Encoding.UTF8, "application/x-ndjson") };
        request.Headers.Add("Iot-Record-Time", "event");
        using var answer = await host.Client.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }

    private static async Task<JsonElement> GetAsync(TestHost host, string path)
    {
        var answer = await host.Client.GetAsync($"/api/v1{path}", Cancel);
        var body = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode} {body}");
        return JsonSerializer.Deserialize<JsonElement>(body);
    }
}
