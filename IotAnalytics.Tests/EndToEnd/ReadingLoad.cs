using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace IotAnalytics.Tests.EndToEnd;

/// <summary>Posts records until told to stop, and remembers every one that was acknowledged.</summary>
internal sealed class ReadingLoad(int seed)
{
    private readonly Random _random = new(seed);
    private int _record;

    /// <summary>Acknowledged records by offset, with the number of items.</summary>
    public ConcurrentDictionary<long, int> Acknowledged { get; } = new();

    /// <summary>Requests that were not acknowledged: their records may or may not be in the log.</summary>
    public int Unanswered { get; private set; }

    /// <summary>The code of the last answer 503 that said when to come again, or empty.</summary>
    public string Refusal { get; private set; } = "";

    public async Task RunAsync(HttpClient client, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var (body, items) = NextBody();
            try
            {
                using var content = new StringContent(body, Encoding.UTF8, "application/x-ndjson");
                using var answer = await client.PostAsync("/api/v1/readings", content, CancellationToken.None);
                if (answer.StatusCode == HttpStatusCode.Accepted)
                {
                    using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(CancellationToken.None));
                    var position = json.RootElement.GetProperty("position").GetString()!;
                    Assert.True(Acknowledged.TryAdd(long.Parse(position.Split('-')[1], CultureInfo.InvariantCulture), items), "an offset was given twice");
                    continue;
                }

                if (answer is { StatusCode: HttpStatusCode.ServiceUnavailable, Headers.RetryAfter.Delta: not null })
                {
                    using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(CancellationToken.None));
                    Refusal = problem.RootElement.GetProperty("code").GetString()!;
                }
            }
            catch (HttpRequestException)
            {
                // Killed while the request was under way.
            }
            catch (JsonException)
            {
                // Killed within the answer.
            }

            Unanswered++;
            await Task.Delay(20, CancellationToken.None);
        }
    }

    /// <summary>1 to 40 readings of 7 sensors: some anomalous, some sent twice, now and then one that cannot be read.</summary>
    private (string Body, int Items) NextBody()
    {
        var body = new StringBuilder();
        var items = _random.Next(1, 41);
        var last = "";
        for (var i = 0; i < items; i++)
        {
            var kind = _random.Next(100);
            if (kind == 0 && i > 0)
            {
                body.Append("{\"sensor_id\":\"broken\n");
            }
            else if (kind == 1 && last.Length > 0)
            {
                body.Append(last);
            }
            else
            {
                var temperature = kind < 10 ? 80 + (_random.NextDouble() * 40) : 18 + (_random.NextDouble() * 10);
                var humidity = kind < 10 ? _random.NextDouble() * 20 : 40 + (_random.NextDouble() * 30);
                var time = TimeProvider.System.GetUtcNow().AddMilliseconds(-items + i).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
                last = string.Create(CultureInfo.InvariantCulture,
                    $"{{\"sensor_id\":\"kill_{_record % 7}\",\"timestamp\":\"{time}\",\"temperature\":{temperature:F3},\"humidity\":{humidity:F3}}}\n");
                body.Append(last);
            }
        }

        _record++;
        return (body.ToString(), items);
    }
}
