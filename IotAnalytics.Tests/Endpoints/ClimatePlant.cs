using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Endpoints;

/// <summary>Readings of climate sensors a minute apart, loaded by event time: a cycle, slow noise, humidity that falls as the temperature rises. Repeatable.</summary>
internal static class ClimatePlant
{
    /// <summary>Returns when all of them are committed in the lake.</summary>
    /// <param name="warmer">Degrees above usual.</param>
    public static async Task LoadAsync(TestHost host, DateTime from, int sensors, int rows, double warmer)
    {
        var cancel = TestContext.Current.CancellationToken;
        var before = await RowsAsync(host, cancel);
        var random = new Random(from.DayOfYear);
        var slow = new double[sensors];
        var lines = Enumerable.Range(0, sensors * rows).Select(i =>
        {
            var (sensor, row) = (i % sensors, i / sensors);
            slow[sensor] = 0.95 * slow[sensor] + 0.6 * (random.NextDouble() - 0.5);
            var temperature = 21 + warmer + 2 * Math.Sin(2 * Math.PI * row / 360) + slow[sensor] + 0.4 * (random.NextDouble() - 0.5);
            var humidity = 50 - 2 * (temperature - 21) + 2 * (random.NextDouble() - 0.5);
            return string.Create(
                CultureInfo.InvariantCulture,
                $$"""{"sensor_id":"room_{{sensor}}","timestamp":"{{from.AddMinutes(row):yyyy-MM-dd'T'HH:mm:ss'Z'}}","temperature":{{temperature:F3}},"humidity":{{humidity:F3}}}""");
        });
        foreach (var body in lines.Chunk(4_000))
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/readings") { Content = new StringContent(string.Join('\n', body), Encoding.UTF8, "application/x-ndjson") };
            request.Headers.Add("Iot-Record-Time", "event");
            using var answer = await host.Client.SendAsync(request, cancel);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        }

        while (await RowsAsync(host, cancel) < before + sensors * rows)
        {
            await Task.Delay(50, cancel);
        }
    }

    private static async Task<long> RowsAsync(TestHost host, CancellationToken cancel) =>
        JsonSerializer.Deserialize<JsonElement>(await host.Client.GetStringAsync("/api/v1/lake/tables", cancel)).GetProperty("items").EnumerateArray()
            .Where(t => t.GetProperty("table").GetString() != "bronze").Sum(t => t.GetProperty("rows").GetInt64() + t.GetProperty("waiting_rows").GetInt64());
}
