using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Endpoints;

public sealed class ReadingEndpointTests(SharedHost fixture) : IClassFixture<SharedHost>
{
    private const string Url = "/api/v1/readings";
    private const string Now = "2020-01-01T00:00:00.000Z";
    private readonly TestHost _host = fixture.Host;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Good => $$"""{"sensor_id":"s_1","timestamp":"{{Now}}","temperature":21.5,"humidity":50}""";

    [Fact]
    public async Task Readings_are_in_the_log_byte_for_byte_when_they_are_answered()
    {
        var (status, body) = await PostAsync(Good);

        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal(1, body.GetProperty("accepted").GetInt32());
        var offset = long.Parse(body.GetProperty("position").GetString()!.Split('-')[1], CultureInfo.InvariantCulture);
        using var records = new RecordBatch();
        await _host.Services.GetRequiredService<ICommitLog>().ReadAsync(0, offset, records, 1 << 20, TimeSpan.Zero, Cancel);
        Assert.Equal(Good, Encoding.UTF8.GetString(records.Value(0)));
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/x-ndjson")]
    [InlineData("application/ndjson")]
    [InlineData("application/jsonl")]
    [InlineData("Application/JSON; charset=\"UTF-8\"")]
    public async Task Json_and_lines_are_accepted_under_each_of_their_names(string contentType) =>
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync($"{Good}\n{Good}\n", contentType)).Status);

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("nonsense")]
    [InlineData(null)]
    public async Task Another_content_type_is_refused_with_what_is_accepted(string? contentType)
    {
        var (status, problem) = await PostAsync(Good, contentType);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, status);
        Assert.Equal("unsupported_media_type", problem.GetProperty("code").GetString());
        Assert.Contains("application/x-ndjson", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    /// <summary>Every one of them alone is refused with 400 and its reason; beside a good reading it is listed and the good one is taken.</summary>
    [Theory]
    [InlineData("malformed_json", """{"sensor_id":"s","timestamp":"$now","temperature":}""")]
    [InlineData("not_an_object", "17")]
    [InlineData("missing_sensor_id", """{"timestamp":"$now","temperature":1}""")]
    [InlineData("invalid_sensor_id", """{"sensor_id":"","timestamp":"$now","temperature":1}""")]
    [InlineData("invalid_sensor_id", """{"sensor_id":"$long","timestamp":"$now","temperature":1}""")]
    [InlineData("invalid_sensor_id", """{"sensor_id":"näh","timestamp":"$now","temperature":1}""")]
    [InlineData("missing_timestamp", """{"sensor_id":"s","temperature":1}""")]
    [InlineData("invalid_timestamp", """{"sensor_id":"s","timestamp":"2026-01-01T00:00:00","temperature":1}""")]
    [InlineData("time_out_of_range", """{"sensor_id":"s","timestamp":"0001-01-01T00:00:00Z","temperature":1}""")]
    [InlineData("time_out_of_range", """{"sensor_id":"s","timestamp":"9999-12-31T23:59:59Z","temperature":1}""")]
    [InlineData("wrong_type", """{"sensor_id":"s","timestamp":"$now","temperature":"warm"}""")]
    [InlineData("malformed_json", """{"sensor_id":"s","timestamp":"$now","temperature":NaN}""")]
    [InlineData("not_finite", """{"sensor_id":"s","timestamp":"$now","temperature":1e999}""")]
    [InlineData("duplicate_key", """{"sensor_id":"s","timestamp":"$now","temperature":1,"temperature":2}""")]
    [InlineData("too_deep", """{"sensor_id":"s","timestamp":"$now","temperature":1,"x":$bomb}""")]
    public async Task A_bad_reading_is_named_and_does_not_hold_back_good_ones(string reason, string reading)
    {
        var bad = reading.Replace("$now", Now, StringComparison.Ordinal).Replace("$long", new string('x', 10_240), StringComparison.Ordinal)
            .Replace("$bomb", new string('[', 500) + new string(']', 500), StringComparison.Ordinal);

        var alone = await PostAsync(bad);
        var mixed = await PostAsync($"{Good}\n{bad}\n{Good}\n");

        Assert.Equal(HttpStatusCode.BadRequest, alone.Status);
        Assert.Equal("no_readable_reading", alone.Body.GetProperty("code").GetString());
        Assert.Equal(reason, alone.Body.GetProperty("errors")[0].GetProperty("reason").GetString());
        Assert.Equal(HttpStatusCode.Accepted, mixed.Status);
        Assert.Equal(2, mixed.Body.GetProperty("accepted").GetInt32());
        Assert.Equal(1, mixed.Body.GetProperty("rejected")[0].GetProperty("index").GetInt32());
        Assert.Equal(reason, mixed.Body.GetProperty("rejected")[0].GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF8_are_refused()
    {
        var bytes = Encoding.Latin1.GetBytes($$"""{"sensor_id":"s","timestamp":"{{Now}}","temperature":1,"note":"é"}""");

        var (status, problem) = await SendAsync(new ByteArrayContent(bytes), "application/json");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("malformed_json", problem.GetProperty("errors")[0].GetProperty("reason").GetString());
    }

    [Fact]
    public async Task An_array_is_all_or_nothing_for_its_syntax()
    {
        Assert.Equal(2, (await PostAsync($"[{Good},{Good}]")).Body.GetProperty("accepted").GetInt32());
        Assert.Equal(1, (await PostAsync($"[{Good},17]")).Body.GetProperty("accepted").GetInt32());
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync($"[{Good},{Good}")).Status);
    }

    [Fact]
    public async Task An_empty_body_is_refused() => Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("")).Status);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_of_10_MB_is_refused_with_its_bound(bool chunked)
    {
        var content = new ByteArrayContent(new byte[10_000_000]);

        var (status, problem) = await SendAsync(content, "application/json", request => request.Headers.TransferEncodingChunked = chunked);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, status);
        Assert.Equal("body_too_large", problem.GetProperty("code").GetString());
        Assert.Contains("900000", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_packed_body_is_unpacked_and_bounded_by_what_it_holds()
    {
        Assert.Equal(HttpStatusCode.Accepted, (await SendAsync(Gzip(Encoding.UTF8.GetBytes(Good)), "application/json")).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await SendAsync(Gzip(new byte[10_000_000]), "application/json")).Status);
    }

    [Theory]
    [InlineData("gzip", HttpStatusCode.BadRequest, "malformed_gzip")]
    [InlineData("br", HttpStatusCode.UnsupportedMediaType, "unsupported_encoding")]
    public async Task A_packing_that_is_not_what_it_says_or_not_known_is_refused(string encoding, HttpStatusCode expected, string code)
    {
        var content = new StringContent(Good);
        content.Headers.ContentEncoding.Add(encoding);

        var (status, problem) = await SendAsync(content, "application/json");

        Assert.Equal(expected, status);
        Assert.Equal(code, problem.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Too_many_readings_are_refused_as_a_whole()
    {
        var (status, problem) = await PostAsync(string.Join('\n', Enumerable.Repeat(Good, 51)));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Equal("too_many_readings", problem.GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_repeated_request_answers_as_before_and_another_body_is_a_conflict()
    {
        void Key(HttpRequestMessage request) => request.Headers.Add("Idempotency-Key", "load-7");

        var first = await SendAsync(new StringContent(Good), "application/json", Key);
        var again = await SendAsync(new StringContent(Good), "application/json", Key);
        var other = await SendAsync(new StringContent(Good + "\n" + Good), "application/json", Key);

        Assert.Equal(HttpStatusCode.Accepted, again.Status);
        Assert.Equal(first.Body.GetRawText(), again.Body.GetRawText());
        Assert.Equal(HttpStatusCode.Conflict, other.Status);
    }

    [Fact]
    public async Task Header_values_that_mean_nothing_are_refused()
    {
        var key = await SendAsync(new StringContent(Good), "application/json", r => r.Headers.Add("Idempotency-Key", new string('k', 201)));
        var time = await SendAsync(new StringContent(Good), "application/json", r => r.Headers.Add("Iot-Record-Time", "yesterday"));

        Assert.Equal("invalid_idempotency_key", key.Body.GetProperty("code").GetString());
        Assert.Equal("Iot-Record-Time", time.Body.GetProperty("errors")[0].GetProperty("field").GetString());
    }

    [Fact]
    public async Task History_takes_its_record_time_from_the_newest_event()
    {
        var (status, body) = await SendAsync(new StringContent(Good), "application/json", r => r.Headers.Add("Iot-Record-Time", "event"));

        Assert.Equal(HttpStatusCode.Accepted, status);
        var offset = long.Parse(body.GetProperty("position").GetString()!.Split('-')[1], CultureInfo.InvariantCulture);
        using var records = new RecordBatch();
        await _host.Services.GetRequiredService<ICommitLog>().ReadAsync(0, offset, records, 1 << 20, TimeSpan.Zero, Cancel);
        Assert.Equal(DateTimeOffset.Parse(Now, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds(), records[0].RecordTimeMs);
    }

    [Fact]
    public async Task Half_a_request_stores_nothing_and_harms_nobody()
    {
        var log = _host.Services.GetRequiredService<ICommitLog>();
        var before = await log.GetBoundsAsync(0, Cancel);
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(_host.Address.Host, _host.Address.Port, Cancel);
            var half = $"POST {Url} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {_host.Key}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{Good}";
            var stream = socket.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(half), Cancel);
            socket.Client.Shutdown(SocketShutdown.Send);

            // The server's answer or its close: either way it has seen the end.
            var answer = new byte[4096];
            try
            {
                while (await stream.ReadAsync(answer, Cancel) > 0)
                {
                }
            }
            catch (IOException)
            {
                // It may also close hard.
            }
        }

        Assert.Equal(before.HighWatermark, (await log.GetBoundsAsync(0, Cancel)).HighWatermark);
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync(Good)).Status);
    }

    private static ByteArrayContent Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        var content = new ByteArrayContent(packed.ToArray());
        content.Headers.ContentEncoding.Add("gzip");
        return content;
    }

    private Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string body, string? contentType = "application/json") =>
        SendAsync(new StringContent(body), contentType);

    private async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(HttpContent content, string? contentType, Action<HttpRequestMessage>? change = null)
    {
        content.Headers.ContentType = null;
        if (contentType is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, Url) { Content = content };
        change?.Invoke(request);
        using var answer = await _host.Client.SendAsync(request, Cancel);
        return (answer.StatusCode, JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Cancel)));
    }
}
