using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Simulation;

namespace IotAnalytics.Benchmarks.Throughput;

/// <summary>
/// Sends ten plainly anomalous readings a second of a sensor of its own and looks for them in <c>GET /anomalies</c> every 20 ms:
/// the time from the POST to the answer that shows them, which is up to 20 ms more than they took.
/// </summary>
internal sealed class VisibilityProbe : IDisposable
{
    public const string SensorId = "probe_001";

    private static readonly TimeSpan SendInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient _client;
    private readonly string _values;
    private readonly ConcurrentDictionary<long, long> _outstanding = new();
    private readonly ConcurrentBag<(double Sent, double Took)> _milliseconds = [];
    private readonly long _began = Stopwatch.GetTimestamp();
    private int _sent;

    public VisibilityProbe(HostProcess host, SensorProfile profile)
    {
        _client = new HttpClient { BaseAddress = new Uri(host.Address, "/api/v1/") };
        _client.DefaultRequestHeaders.Add("X-Api-Key", host.Key);
        _values = string.Concat(profile.Measurements.Select(m => string.Create(
            CultureInfo.InvariantCulture, $",\"{m.Name}\":{new SimulatedMeasurement(m).AnomalousMiddle:R}")));
    }

    /// <summary>Readings sent.</summary>
    public int Sent => _sent;

    /// <summary>Readings not seen within a minute of the end.</summary>
    public int Missed => _outstanding.Count;

    /// <summary>Milliseconds from POST to visible, ascending, of the probes that were sent after so much of the run.</summary>
    public double[] MillisecondsAfter(TimeSpan start) => [.. _milliseconds.Where(p => p.Sent >= start.TotalMilliseconds).Select(p => p.Took).Order()];

    /// <summary>Sends until <paramref name="stop"/>, then looks until all are seen or a minute has passed.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken cancellationToken)
    {
        using var sent = new CancellationTokenSource();
        var looking = LookAsync(sent.Token, cancellationToken);
        using var timer = new PeriodicTimer(SendInterval);
        var sending = new List<Task>();
        var last = 0L;
        while (!stop.IsCancellationRequested)
        {
            // The event time is the mark by which the reading is found again, so it must be unique.
            last = Math.Max(last + 1, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
            sending.Add(SendAsync(last, cancellationToken));
            await timer.WaitForNextTickAsync(cancellationToken);
        }

        await Task.WhenAll(sending);
        await sent.CancelAsync();
        await looking;
    }

    public void Dispose() => _client.Dispose();

    private async Task SendAsync(long eventMs, CancellationToken cancellationToken)
    {
        using var body = new StringContent($$"""{"sensor_id":"{{SensorId}}","timestamp":{{eventMs}}{{_values}}}""", Encoding.UTF8);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        _outstanding[eventMs] = Stopwatch.GetTimestamp();
        using var answer = await _client.PostAsync(new Uri("readings", UriKind.Relative), body, cancellationToken);
        answer.EnsureSuccessStatusCode();
        Interlocked.Increment(ref _sent);
    }

    private async Task LookAsync(CancellationToken sent, CancellationToken cancellationToken)
    {
        long? ended = null;
        using var timer = new PeriodicTimer(LookInterval);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (sent.IsCancellationRequested)
            {
                ended ??= Stopwatch.GetTimestamp();
                if (_outstanding.IsEmpty || Stopwatch.GetElapsedTime(ended.Value) > Patience)
                {
                    return;
                }
            }

            if (!_outstanding.IsEmpty)
            {
                await LookOnceAsync(cancellationToken);
            }
        }
    }

    private async Task LookOnceAsync(CancellationToken cancellationToken)
    {
        var from = DateTimeOffset.FromUnixTimeMilliseconds(_outstanding.Keys.Min()).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        await using var answer = await _client.GetStreamAsync(
            new Uri($"anomalies?sensor_id={SensorId}&from={from}&limit=500", UriKind.Relative), cancellationToken);
        using var page = await JsonDocument.ParseAsync(answer, cancellationToken: cancellationToken);
        foreach (var item in page.RootElement.GetProperty("items").EnumerateArray())
        {
            var eventMs = item.GetProperty("event_time").GetDateTimeOffset().ToUnixTimeMilliseconds();
            if (_outstanding.TryRemove(eventMs, out var posted))
            {
                _milliseconds.Add((Stopwatch.GetElapsedTime(_began, posted).TotalMilliseconds, Stopwatch.GetElapsedTime(posted).TotalMilliseconds));
            }
        }
    }
}
