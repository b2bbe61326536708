using IotAnalytics.Core.Simulation.Targets;
using Microsoft.AspNetCore.Http;

namespace IotAnalytics.Tests.Simulation.Targets;

public class HttpReadingsTargetTests
{
    private static readonly byte[] Body = "{\"sensor_id\":\"a\"}\n{\"sensor_id\":\"b\"}\n"u8.ToArray();
    private readonly SkippingTime _time = new(DateTimeOffset.UnixEpoch);
    private readonly CancellationToken _token = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_body_is_posted_as_ndjson_with_key_and_headers()
    {
        await using var host = await FakeReadingsHost.StartAsync();
        using var target = Target(host, o => o with { Key = "iot_secret", RecordTimeFromEvents = true });

        await target.SendAsync(Body, _token);

        Assert.Equal(["{\"sensor_id\":\"a\"}\n{\"sensor_id\":\"b\"}\n"], host.Bodies);
        Assert.Equal("iot_secret", host.LastHeaders["X-Api-Key"]);
        Assert.Equal("event", host.LastHeaders["Iot-Record-Time"]);
        Assert.Equal("application/x-ndjson", host.LastHeaders["Content-Type"]);
        Assert.Equal((2, 0, 0), (target.Accepted, target.Rejected, target.Retries));
    }

    [Fact]
    public async Task Accepted_and_rejected_are_what_the_host_says()
    {
        await using var host = await FakeReadingsHost.StartAsync();
        host.MisbehaveAfterStore = async (_, context) =>
        {
            context.Response.StatusCode = 202;
            await context.Response.WriteAsync("""{"accepted":1,"rejected":[{"index":1,"field":"timestamp","reason":"invalid_timestamp"}],"rejected_total":7,"position":"0-1"}""");
            return true;
        };
        using var target = Target(host);

        await target.SendAsync(Body, _token);

        Assert.Equal((1, 7), (target.Accepted, target.Rejected));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Retry_After_is_honoured(int status)
    {
        await using var host = await FakeReadingsHost.StartAsync();
        host.Misbehave = (number, context) =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = "7";
            return Task.FromResult(number <= 2);
        };
        using var target = Target(host);

        await target.SendAsync(Body, _token);

        Assert.Equal([TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(7)], _time.Waits);
        Assert.Equal((2, 2, 3), (target.Accepted, target.Retries, host.Requests));
    }

    [Fact]
    public async Task Without_Retry_After_the_waits_double_up_to_five_seconds()
    {
        await using var host = await FakeReadingsHost.StartAsync();
        host.Misbehave = (number, context) =>
        {
            context.Response.StatusCode = 503;
            return Task.FromResult(number <= 8);
        };
        using var target = Target(host);

        await target.SendAsync(Body, _token);

        double[] grown = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5];
        Assert.All(_time.Waits.Zip(grown), w => Assert.InRange(w.First.TotalSeconds, w.Second * 0.8 - 0.001, w.Second));
        Assert.Equal(grown.Length, _time.Waits.Count);
    }

    [Fact]
    public async Task A_lost_reply_is_repeated_with_the_same_key_and_stored_once()
    {
        await using var host = await FakeReadingsHost.StartAsync();
        host.MisbehaveAfterStore = (number, context) =>
        {
            if (number <= 2)
            {
                context.Abort();
            }

            return Task.FromResult(number <= 2);
        };
        using var target = Target(host);

        await target.SendAsync(Body, _token);
        await target.SendAsync(Body, _token);

        Assert.Equal(2, host.Bodies.Count);
        Assert.Equal((4, 2, 4), (target.Accepted, target.Retries, host.Requests));
    }

    [Theory]
    [InlineData(401, "The key was revoked.", "does not know the key: 401 Unauthorized: The key was revoked.")]
    [InlineData(400, "No reading of 2 can be read.", "refuses the readings: 400 Bad Request: No reading of 2 can be read.")]
    [InlineData(413, "Send at most 900000 bytes.", "413 Payload Too Large: Send at most 900000 bytes.")]
    public async Task A_refusal_ends_with_one_line_and_is_not_repeated(int status, string detail, string said)
    {
        await using var host = await FakeReadingsHost.StartAsync();
        host.Misbehave = async (_, context) =>
        {
            await FakeReadingsHost.ProblemAsync(context, status, detail);
            return true;
        };
        using var target = Target(host, o => o with { Key = "iot_wrong" });

        var error = await Assert.ThrowsAsync<ReadingsTargetException>(() => target.SendAsync(Body, _token));

        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.DoesNotContain("iot_wrong", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, host.Requests);
    }

    [Fact]
    public async Task A_body_without_a_readable_reading_is_counted_when_told()
    {
        await using var host = await FakeReadingsHost.StartAsync();
        host.Misbehave = async (number, context) =>
        {
            await FakeReadingsHost.ProblemAsync(context, 400, "None of 2 could be read.", number == 1 ? "no_readable_reading" : "other");
            return true;
        };
        using var target = Target(host, o => o with { SkipUnreadable = true });

        await target.SendAsync(Body, _token);

        Assert.Equal((0, 2), (target.Accepted, target.Rejected));
        await Assert.ThrowsAsync<ReadingsTargetException>(() => target.SendAsync(Body, _token));
    }

    [Fact]
    public async Task Without_a_key_a_401_says_where_keys_come_from()
    {
        await using var host = await FakeReadingsHost.StartAsync();
        host.Misbehave = async (_, context) =>
        {
            await FakeReadingsHost.ProblemAsync(context, 401, "No key.");
            return true;
        };
        using var target = Target(host);

        var error = await Assert.ThrowsAsync<ReadingsTargetException>(() => target.SendAsync(Body, _token));

        Assert.Contains("--key", error.Message, StringComparison.Ordinal);
        Assert.Contains("IOT_KEY", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_stays_down_ends_the_run_after_two_minutes()
    {
        await using var host = await FakeReadingsHost.StartAsync();
        host.Misbehave = async (number, context) =>
        {
            await FakeReadingsHost.ProblemAsync(context, 503, "The disk is full.");
            return number > 1;
        };
        using var target = Target(host);
        await Assert.ThrowsAsync<ReadingsTargetException>(() => target.SendAsync(Body, _token));

        var waited = _time.Waits.Aggregate(TimeSpan.Zero, (sum, w) => sum + w);

        Assert.InRange(waited.TotalSeconds, 100, 120);
    }

    [Fact]
    public async Task An_address_where_nothing_answers_is_noticed_within_seconds()
    {
        var host = await FakeReadingsHost.StartAsync();
        var address = host.Address;
        await host.DisposeAsync();
        using var target = new HttpReadingsTarget(new HttpTargetOptions { Url = Url(address) }, 1, _time);

        var error = await Assert.ThrowsAsync<ReadingsTargetException>(() => target.SendAsync(Body, _token));

        Assert.StartsWith($"Nothing answers at {address}/api/v1/readings", error.Message, StringComparison.Ordinal);
        Assert.InRange(_time.Waits.Sum(w => w.TotalSeconds), 1, 5);
    }

    [Fact]
    public async Task Something_else_at_the_address_is_told_apart()
    {
        await using var host = await FakeReadingsHost.StartAsync();
        host.Misbehave = async (_, context) =>
        {
            await context.Response.WriteAsync("<html>It works!</html>");
            return true;
        };
        using var target = Target(host);

        var error = await Assert.ThrowsAsync<ReadingsTargetException>(() => target.SendAsync(Body, _token));

        Assert.Contains("not as an IotAnalytics host", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost:8080", "is not http://host:port")]
    [InlineData("ftp://x", "is not http://host:port")]
    public void Other_targets_are_refused_with_what_is_accepted(string target, string said)
    {
        Assert.False(ReadingsTargetAddress.TryParse(target, out _, out var error));
        Assert.Contains(said, error, StringComparison.Ordinal);
        Assert.Contains(target, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v1/readings")]
    [InlineData("https://plant.example/iot/", "https://plant.example/iot/api/v1/readings")]
    public void The_path_of_the_api_is_added(string target, string expected)
    {
        Assert.True(ReadingsTargetAddress.TryParse(target, out var url, out _));
        Assert.Equal(expected, url.ToString());
    }

    private HttpReadingsTarget Target(FakeReadingsHost host, Func<HttpTargetOptions, HttpTargetOptions>? change = null)
    {
        var options = new HttpTargetOptions { Url = Url(host.Address) };
        return new HttpReadingsTarget(change?.Invoke(options) ?? options, 1, _time);
    }

    private static Uri Url(string address) =>
        ReadingsTargetAddress.TryParse(address, out var url, out var error) ? url : throw new InvalidOperationException(error);
}
