using System.Diagnostics.Metrics;
using System.Text;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Diagnostics;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Readings;
using static IotAnalytics.Tests.Ingestion.IngestionFixture;

namespace IotAnalytics.Tests.Ingestion;

public sealed class ReadingIngestorTests
{
    private static readonly string Good = Reading("sensor_001", Now.AddSeconds(-1));

    [Fact]
    public async Task A_good_body_is_stored_as_received_with_the_time_of_its_arrival()
    {
        await using var fixture = await StartAsync();
        var body = $"  {Good}\r\n\n{Reading("sensor_002", Now)}\n";

        var result = await fixture.IngestAsync(body);

        Assert.Equal((IngestKind.Accepted, 2, 0), (result.Kind, result.Accepted, result.RejectedTotal));
        Assert.Equal("""{"accepted":2,"rejected":[],"rejected_total":0,"position":"0-0"}""", result.AnswerJson);
        using var stored = await fixture.ReadAsync(0);
        Assert.Equal(body, Encoding.UTF8.GetString(stored.Value(0)));
        Assert.Equal(Now.ToUnixTimeMilliseconds(), stored[0].RecordTimeMs);
    }

    [Fact]
    public async Task Bad_readings_among_good_ones_are_named_and_the_body_is_stored_whole()
    {
        await using var fixture = await StartAsync();
        var body = $$"""
            {{Good}}
            {"sensor_id":"s","timestamp":"2026-03-01T11:59:59Z","temperature":"hot"}
            {broken
            {{Good}}
            """;

        var result = await fixture.IngestAsync(body);

        Assert.Equal((IngestKind.Accepted, 2, 2), (result.Kind, result.Accepted, result.RejectedTotal));
        Assert.Equal([(1, "temperature", DeadLetterReasons.WrongType), (2, "", DeadLetterReasons.MalformedJson)], result.Rejected.Select(r => (r.Index, r.Field, r.Reason)));
        Assert.StartsWith("""{"accepted":2,"rejected":[{"index":1,"field":"temperature","reason":"wrong_type","detail":""", result.AnswerJson, StringComparison.Ordinal);
        Assert.EndsWith(""" "rejected_total":2,"position":"0-0"}""".Trim(), result.AnswerJson, StringComparison.Ordinal);
        using var stored = await fixture.ReadAsync(0);
        Assert.Equal(body, Encoding.UTF8.GetString(stored.Value(0)));
    }

    [Theory]
    [InlineData("", DeadLetterReasons.EmptyRecord)]
    [InlineData(" \n ", DeadLetterReasons.EmptyRecord)]
    [InlineData("hello", DeadLetterReasons.MalformedJson)]
    [InlineData("42", DeadLetterReasons.NotAnObject)]
    [InlineData("""{"timestamp":"2026-03-01T11:59:59Z","temperature":1}""", DeadLetterReasons.MissingSensorId)]
    [InlineData("""{"sensor_id":"s","timestamp":"0001-01-01T00:00:00Z","temperature":1}""", DeadLetterReasons.TimeOutOfRange)]
    [InlineData("""[{"sensor_id":"s","timestamp":"2026-03-01T11:59:59Z","temperature":1},""", DeadLetterReasons.MalformedJson)]
    public async Task A_body_without_a_good_reading_is_refused_with_the_reason_and_not_stored(string body, string reason)
    {
        await using var fixture = await StartAsync();

        var result = await fixture.IngestAsync(body);

        Assert.Equal(IngestKind.Refused, result.Kind);
        Assert.Equal(reason, Assert.Single(result.Rejected).Reason);
        Assert.Null(result.AnswerJson);
        Assert.Equal(0, (await fixture.Log.GetBoundsAsync(0, TestContext.Current.CancellationToken)).HighWatermark);
    }

    [Fact]
    public async Task Beyond_a_hundred_bad_readings_only_the_count_goes_on()
    {
        await using var fixture = await StartAsync();
        var result = await fixture.IngestAsync(string.Join('\n', Enumerable.Repeat("{}", 250).Append(Good)));
        Assert.Equal((1, 250, 100), (result.Accepted, result.RejectedTotal, result.Rejected.Count));
        Assert.Equal(Enumerable.Range(0, 100), result.Rejected.Select(r => r.Index));
    }

    [Fact]
    public async Task Limits_are_told_apart()
    {
        await using var fixture = await StartAsync(limits: new LimitsOptions { MaxBodyBytes = 2_000, MaxReadingsPerRequest = 3 });
        Assert.Equal(IngestKind.Accepted, (await fixture.IngestAsync(string.Join('\n', Enumerable.Repeat(Good, 3)))).Kind);
        Assert.Equal(IngestKind.TooManyReadings, (await fixture.IngestAsync(string.Join('\n', Enumerable.Repeat(Good, 4)))).Kind);
        Assert.Equal(IngestKind.TooManyReadings, (await fixture.IngestAsync(Good + "\n{}\n{}\n{}")).Kind);
        Assert.Equal(IngestKind.BodyTooLarge, (await fixture.IngestAsync(Good + new string(' ', 2_000))).Kind);
        Assert.Equal(1, (await fixture.Log.GetBoundsAsync(0, TestContext.Current.CancellationToken)).HighWatermark);
    }

    [Fact]
    public async Task More_items_than_a_record_may_hold_are_too_many_readings()
    {
        await using var fixture = await StartAsync(limits: new LimitsOptions { MaxReadingsPerRequest = ReadingRules.MaxItemsPerRecord });
        Assert.Equal(IngestKind.TooManyReadings, (await fixture.IngestAsync(string.Concat(Enumerable.Repeat("{}\n", ReadingRules.MaxItemsPerRecord + 1)))).Kind);
    }

    [Fact]
    public async Task A_repeated_request_is_answered_byte_for_byte_as_before()
    {
        await using var fixture = await StartAsync();
        var body = Good + "\n{}";
        await fixture.IngestAsync(Good);
        var first = await fixture.IngestAsync(body, "key-1");

        var second = await fixture.IngestAsync(body, "key-1");

        Assert.False(first.IsRepeat);
        Assert.True(second.IsRepeat);
        Assert.Contains("\"position\":\"0-1\"", first.AnswerJson, StringComparison.Ordinal);
        Assert.Equal(first.AnswerJson, second.AnswerJson);
        Assert.Equal(first.Positions, second.Positions);
        Assert.Equal(IngestKind.Conflict, (await fixture.IngestAsync(Good, "key-1")).Kind);
        Assert.Equal(2, (await fixture.Log.GetBoundsAsync(0, TestContext.Current.CancellationToken)).HighWatermark);
    }

    [Fact]
    public async Task Repeats_at_the_same_time_store_one_record()
    {
        await using var fixture = await StartAsync();
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => fixture.IngestAsync(Good, "key").AsTask()));
        Assert.Single(results, r => !r.IsRepeat);
        Assert.Single(results.Select(r => r.AnswerJson).Distinct());
        Assert.Equal(1, (await fixture.Log.GetBoundsAsync(0, TestContext.Current.CancellationToken)).HighWatermark);
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("tab\t")]
    [InlineData("ümlaut")]
    public async Task A_key_of_other_than_visible_ascii_is_invalid(string key)
    {
        await using var fixture = await StartAsync();
        Assert.Equal(IngestKind.InvalidKey, (await fixture.IngestAsync(Good, key)).Kind);
        Assert.Equal(IngestKind.InvalidKey, (await fixture.IngestAsync(Good, new string('k', 201))).Kind);
        Assert.Equal(IngestKind.Accepted, (await fixture.IngestAsync(Good, new string('k', 200))).Kind);
    }

    [Fact]
    public async Task History_gets_the_newest_event_time_as_its_record_time()
    {
        await using var fixture = await StartAsync();
        var newest = new DateTimeOffset(2019, 5, 1, 8, 0, 0, TimeSpan.Zero);
        await fixture.IngestAsync($"{Reading("a", newest.AddHours(-1))}\n{Reading("b", newest)}\n{Reading("c", newest.AddHours(-2))}", fromEvents: true);
        await fixture.IngestAsync(Reading("a", Now.AddMinutes(3)), fromEvents: true);

        using var stored = await fixture.ReadAsync(0);
        Assert.Equal(newest.ToUnixTimeMilliseconds(), stored[0].RecordTimeMs);
        Assert.Equal(Now.ToUnixTimeMilliseconds(), stored[1].RecordTimeMs);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_pipeline_finds_the_same_readings_bad(bool fromEvents)
    {
        await using var fixture = await StartAsync();
        var random = new Random(11);
        for (var round = 0; round < 200; round++)
        {
            var body = string.Join('\n', Enumerable.Range(0, random.Next(1, 8)).Select(_ => random.Next(6) switch
            {
                0 => "{\"sensor_id\":\"x\"",
                1 => Reading("s", Now.AddYears(-30)),
                _ => Reading("s", Now.AddSeconds(random.Next(-700, 700))),
            }));
            var result = await fixture.IngestAsync(body, fromEvents: fromEvents);
            if (result.Kind == IngestKind.Refused)
            {
                continue;
            }

            using var stored = new RecordBatch();
            await fixture.Log.ReadAsync(0, result.Positions.Single().Offset, stored, int.MaxValue, TimeSpan.Zero, TestContext.Current.CancellationToken);
            var parsed = Parse(stored);
            Assert.Equal(result.Accepted, parsed.RowCount);
            Assert.Equal(result.Rejected.Select(r => (r.Index, r.Reason)), parsed.DeadLetters.Select(d => (d.Item, d.Reason)));
        }
    }

    [Fact]
    public async Task Rejected_readings_and_refused_requests_are_counted_by_reason()
    {
        var counted = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == IotMeter.Name && instrument.Name.StartsWith("iot.ingestion.re", StringComparison.Ordinal))
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            lock (counted)
            {
                counted.Add($"{instrument.Name} {tags[0].Value} {value}");
            }
        });
        listener.Start();
        await using var fixture = await StartAsync();

        await fixture.IngestAsync("[1,2]");

        // Other tests may count at the same time.
        Assert.Equal(2, counted.Count(c => c == "iot.ingestion.rejected not_an_object 1"));
        Assert.Contains("iot.ingestion.refused Refused 1", counted);
    }
}
