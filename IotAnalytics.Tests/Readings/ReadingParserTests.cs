using System.Text;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Readings;
using static IotAnalytics.Tests.Readings.Parsing;

namespace IotAnalytics.Tests.Readings;

public class ReadingParserTests
{
    private const string Good = """{"sensor_id":"s1","timestamp":"2026-01-01T00:00:00.000Z","temperature":23.42,"humidity":51.2}""";

    [Fact]
    public void One_object_is_one_row_with_its_values()
    {
        var batch = Parse(Good);

        Assert.Empty(batch.DeadLetters);
        Assert.Equal(1, batch.RowCount);
        Assert.Equal("s1", batch.Id(0));
        Assert.Equal(Now, batch.EventMs[0]);
        Assert.Equal(23.42, batch.Value(0, "temperature"));
        Assert.Equal(51.2, batch.Value(0, "humidity"));
        Assert.Equal(100, batch.Offset(0));
        Assert.Equal(0, batch.Item[0]);
        Assert.Equal(Good, Encoding.UTF8.GetString(batch.Payload(0)));
    }

    [Theory]
    [InlineData("[{0},{1}]")]
    [InlineData(" [ {0} , {1} ] \r\n")]
    [InlineData("{0}\n{1}")]
    [InlineData("{0}\r\n\r\n{1}\n")]
    [InlineData("  {0}   {1}  ")]
    [InlineData("{0}{1}")]
    [InlineData("\uFEFF{0}\n{1}")]
    public void Every_form_gives_the_same_rows(string form)
    {
        var batch = Parse(form.Replace("{0}", Good, StringComparison.Ordinal).Replace("{1}", Good.Replace("s1", "s2", StringComparison.Ordinal), StringComparison.Ordinal));

        Assert.Empty(batch.DeadLetters);
        Assert.Equal(["s1", "s2"], [batch.Id(0), batch.Id(1)]);
        Assert.Equal([0, 1], batch.Item.Take(2));
        Assert.Equal(Good, Encoding.UTF8.GetString(batch.Payload(0)));
    }

    [Fact]
    public void A_pretty_printed_sequence_is_read_across_lines()
    {
        var pretty = Good.Replace(",", ",\n  ", StringComparison.Ordinal);

        var batch = Parse(pretty + "\n" + pretty);

        Assert.Empty(batch.DeadLetters);
        Assert.Equal(2, batch.RowCount);
    }

    [Theory]
    [InlineData("""{"timestamp":1767225600000,"temperature":1}""", "missing_sensor_id", "sensor_id")]
    [InlineData("""{"sensor_id":null,"timestamp":1767225600000}""", "missing_sensor_id", "sensor_id")]
    [InlineData("""{"sensor_id":"","timestamp":1767225600000}""", "invalid_sensor_id", "sensor_id")]
    [InlineData("""{"sensor_id":"a b","timestamp":1767225600000}""", "invalid_sensor_id", "sensor_id")]
    [InlineData("""{"sensor_id":"Zürich","timestamp":1767225600000}""", "invalid_sensor_id", "sensor_id")]
    [InlineData("""{"sensor_id":"a\ud800","timestamp":1767225600000}""", "invalid_sensor_id", "sensor_id")]
    [InlineData("""{"sensor_id":"a\u0000","timestamp":1767225600000}""", "invalid_sensor_id", "sensor_id")]
    [InlineData("""{"sensor_id":17,"timestamp":1767225600000}""", "invalid_sensor_id", "sensor_id")]
    [InlineData("""{"sensor_id":["s"],"timestamp":1767225600000}""", "invalid_sensor_id", "sensor_id")]
    [InlineData("""{"sensor_id":"s"}""", "missing_timestamp", "timestamp")]
    [InlineData("""{"sensor_id":"s","timestamp":null}""", "missing_timestamp", "timestamp")]
    [InlineData("""{"sensor_id":"s","timestamp":""}""", "invalid_timestamp", "timestamp")]
    [InlineData("""{"sensor_id":"s","timestamp":"2026-01-01T00:00:00"}""", "invalid_timestamp", "timestamp")]
    [InlineData("""{"sensor_id":"s","timestamp":"1767225600000"}""", "invalid_timestamp", "timestamp")]
    [InlineData("""{"sensor_id":"s","timestamp":1767225600000.5}""", "invalid_timestamp", "timestamp")]
    [InlineData("""{"sensor_id":"s","timestamp":1.0e12}""", "invalid_timestamp", "timestamp")]
    [InlineData("""{"sensor_id":"s","timestamp":true}""", "invalid_timestamp", "timestamp")]
    [InlineData("""{"sensor_id":"s","timestamp":{}}""", "invalid_timestamp", "timestamp")]
    [InlineData("""{"sensor_id":"s","timestamp":1767225600}""", "time_out_of_range", "timestamp")]
    [InlineData("""{"sensor_id":"s","timestamp":-1}""", "time_out_of_range", "timestamp")]
    [InlineData("""{"sensor_id":"s","timestamp":946684799999}""", "time_out_of_range", "timestamp")]
    [InlineData("""{"sensor_id":"s","timestamp":1767225900001}""", "time_out_of_range", "timestamp")]
    [InlineData("""{"sensor_id":"s","timestamp":99999999999999999999999}""", "time_out_of_range", "timestamp")]
    [InlineData("""{"sensor_id":"s","timestamp":"0001-01-01T00:00:00Z"}""", "time_out_of_range", "timestamp")]
    [InlineData("""{"sensor_id":"s","timestamp":"9999-12-31T23:59:59Z"}""", "time_out_of_range", "timestamp")]
    [InlineData("""{"sensor_id":"s","timestamp":1767225600000,"temperature":"23"}""", "wrong_type", "temperature")]
    [InlineData("""{"sensor_id":"s","timestamp":1767225600000,"temperature":"NaN"}""", "wrong_type", "temperature")]
    [InlineData("""{"sensor_id":"s","timestamp":1767225600000,"humidity":false}""", "wrong_type", "humidity")]
    [InlineData("""{"sensor_id":"s","timestamp":1767225600000,"humidity":[1]}""", "wrong_type", "humidity")]
    [InlineData("""{"sensor_id":"s","timestamp":1767225600000,"humidity":{"v":1}}""", "wrong_type", "humidity")]
    [InlineData("""{"sensor_id":"s","timestamp":1767225600000,"humidity":1e999}""", "not_finite", "humidity")]
    [InlineData("""{"sensor_id":"s","timestamp":1767225600000,"humidity":-1e999}""", "not_finite", "humidity")]
    [InlineData("""{"sensor_id":"s","timestamp":1767225600000,"humidity":1,"humidity":1}""", "duplicate_key", "humidity")]
    [InlineData("""{"sensor_id":"s","timestamp":1767225600000,"humidity":null,"humidity":1}""", "duplicate_key", "humidity")]
    [InlineData("""{"sensor_id":"s","timestamp":1767225600000,"humidity":1,"humidit\u0079":1}""", "duplicate_key", "humidity")]
    [InlineData("""{"sensor_id":"s","sensor_id":"s","timestamp":1767225600000}""", "duplicate_key", "sensor_id")]
    [InlineData("""{"sensor_id":"s","timestamp":1767225600000,"timestamp":1767225600000}""", "duplicate_key", "timestamp")]
    [InlineData("""{"sensor_id":"s","timestamp":1767225600000,"x":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}""", "too_deep", "")]
    [InlineData("17", "not_an_object", "")]
    [InlineData("\"text\"", "not_an_object", "")]
    [InlineData("null", "not_an_object", "")]
    [InlineData("{\"sensor_id\":\"s\",", "malformed_json", "")]
    [InlineData("{\"sensor_id\":\"s\",\"timestamp\":1767225600000,\"temperature\":NaN}", "malformed_json", "")]
    [InlineData("{\"sensor_id\":\"s\",\"timestamp\":1767225600000,\"temperature\":01}", "malformed_json", "")]
    [InlineData("{'sensor_id':'s'}", "malformed_json", "")]
    [InlineData("{\"sensor_id\":\"s\",\"timestamp\":1767225600000,}", "malformed_json", "")]
    [InlineData("{\"sensor_id\":\"s\"/**/}", "malformed_json", "")]
    [InlineData("hello", "malformed_json", "")]
    public void A_bad_reading_is_a_dead_letter_between_its_good_neighbours(string item, string reason, string field)
    {
        var batch = Parse($"{Good}\n{item}\n{Good}");

        var letter = Assert.Single(batch.DeadLetters);
        Assert.Equal((reason, field, 1, 1), (letter.Reason, letter.Field, letter.Item, letter.Record));
        Assert.Equal(item, batch.Payload(letter));
        Assert.InRange(letter.Detail.Length, 10, 200);
        Assert.DoesNotContain('\n', letter.Detail);
        Assert.Equal([0, 2], batch.Item.Take(batch.RowCount));
        Assert.Equal([23.42, 23.42], batch.Measurement(Climate.ColumnOf("temperature"))!.Take(2));
        Assert.All(batch.Measurement(Climate.ColumnOf("humidity"))!.Skip(2), v => Assert.True(double.IsNaN(v)));
    }

    [Theory]
    [InlineData("""{"sensor_id":7,"timestamp":1767225600000}""", "invalid_sensor_id")]
    [InlineData("""[{"sensor_id":"s","timestamp":1767225600000}]""", "not_an_object")]
    [InlineData("""{"sensor_id":"s","timestamp":1767225600000,"x":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}""", "too_deep")]
    public void Within_an_array_a_bad_reading_leaves_the_others(string item, string reason)
    {
        var batch = Parse($"[{Good},{item},{Good}]");

        var letter = Assert.Single(batch.DeadLetters);
        Assert.Equal((reason, 1), (letter.Reason, letter.Item));
        Assert.Equal(item, batch.Payload(letter));
        Assert.Equal([0, 2], batch.Item.Take(batch.RowCount));
    }

    [Theory]
    [InlineData("[{0},{1}")]
    [InlineData("[{0},{1}]]")]
    [InlineData("[{0},{1}] x")]
    [InlineData("[{0},{1}]\n{0}")]
    [InlineData("[{0},,{1}]")]
    [InlineData("[{0} {1}]")]
    [InlineData("[{0},{1},]")]
    public void A_broken_array_is_one_dead_letter(string form)
    {
        var text = form.Replace("{0}", Good, StringComparison.Ordinal).Replace("{1}", "17", StringComparison.Ordinal);

        var batch = Parse(Records(Good, text, Good));

        var letter = Assert.Single(batch.DeadLetters);
        Assert.Equal(("malformed_json", 2, 0), (letter.Reason, letter.Record, letter.Item));
        Assert.Equal(text, batch.Payload(letter));
        Assert.Equal([1, 3], batch.Record.Take(batch.RowCount));
        Assert.True(double.IsNaN(batch.Measurement(0)![2]));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \r\n\t ")]
    [InlineData("\uFEFF")]
    [InlineData("[]")]
    [InlineData(" [ ] ")]
    public void An_empty_record_is_a_dead_letter(string value)
    {
        var letter = Assert.Single(Parse(value).DeadLetters);

        Assert.Equal(("empty_record", 0), (letter.Reason, letter.Item));
    }

    [Fact]
    public void A_torn_line_does_not_take_the_next_one_with_it()
    {
        var batch = Parse($"{Good}\n{Good[..40]}\n{Good}\n");

        Assert.Equal([0, 2], batch.Item.Take(batch.RowCount));
        Assert.Equal("malformed_json", Assert.Single(batch.DeadLetters).Reason);
    }

    [Fact]
    public void Bad_utf8_spoils_its_line_only()
    {
        byte[] bad = [.. Encoding.UTF8.GetBytes("{\"sensor_id\":\"s\",\"timestamp\":1767225600000,\"note\":\""), 0xC3, 0x28, .. "\"}"u8];
        byte[] good = Encoding.UTF8.GetBytes(Good);

        var lines = Parse(Records(Now, [[.. good, 10, .. bad, 10, .. good]]));
        var array = Parse(Records(Now, [[.. "["u8, .. good, .. ","u8, .. bad, .. "]"u8]]));

        Assert.Equal(("malformed_json", 1), (Assert.Single(lines.DeadLetters).Reason, lines.DeadLetters[0].Item));
        Assert.Equal([0, 2], lines.Item.Take(lines.RowCount));
        Assert.Equal("malformed_json", Assert.Single(array.DeadLetters).Reason);
        Assert.Equal(0, array.RowCount);
    }

    [Fact]
    public void Fields_may_be_null_missing_extra_escaped_and_in_any_order()
    {
        var batch = Parse("""
            {"humidity":null,"note":{"a":[1,{"b":"}"}]},"timestamp":"2026-01-01T01:00:00+01:00","sensor_id":"plant\u002f1\/a","temper\u0061ture":-0.0,"x":1,"x":2}
            {"\u0073ensor_id":"b","timestamp":"2026-01-01T00\u003a00:00Z"}
            """);

        Assert.Empty(batch.DeadLetters);
        Assert.Equal(["plant/1/a", "b"], [batch.Id(0), batch.Id(1)]);
        Assert.Equal([Now, Now], batch.EventMs.Take(2));
        Assert.Equal(BitConverter.DoubleToInt64Bits(0.0), BitConverter.DoubleToInt64Bits(batch.Value(0, "temperature")));
        Assert.True(double.IsNaN(batch.Value(0, "humidity")));
        Assert.True(double.IsNaN(batch.Value(1, "temperature")));
    }

    [Theory]
    [InlineData(128, true)]
    [InlineData(129, false)]
    [InlineData(10_000, false)]
    public void An_id_has_up_to_128_characters(int length, bool accepted)
    {
        var plain = Parse($$"""{"sensor_id":"{{new string('x', length)}}","timestamp":1767225600000}""");
        var escaped = Parse($$"""{"sensor_id":"{{new string('x', length - 1)}}\u0079","timestamp":1767225600000}""");

        Assert.Equal(accepted ? 1 : 0, plain.RowCount);
        Assert.Equal(accepted ? 1 : 0, escaped.RowCount);
        Assert.All(plain.DeadLetters.Concat(escaped.DeadLetters), l => Assert.InRange(l.Detail.Length, 1, 200));
    }

    [Theory]
    [InlineData(16, true)]
    [InlineData(17, false)]
    public void Nesting_is_accepted_up_to_the_limit(int depth, bool accepted)
    {
        var item = $$"""{"sensor_id":"s","timestamp":1767225600000,"x":{{new string('[', depth - 1)}}{{new string(']', depth - 1)}}}""";

        foreach (var form in new[] { item, $"[{item}]" })
        {
            var batch = Parse(form);
            Assert.Equal(accepted ? 1 : 0, batch.RowCount);
            Assert.Equal(accepted ? [] : ["too_deep"], batch.DeadLetters.Select(l => l.Reason));
        }
    }

    [Fact]
    public void Depth_bombs_end_quickly()
    {
        var reasons = new[]
        {
            Parse(new string('[', 900_000)),
            Parse(string.Concat(Enumerable.Repeat("{\"a\":", 180_000))),
            Parse("[" + string.Concat(Enumerable.Repeat("{\"a\":", 180_000))),
        }.Select(b => Assert.Single(b.DeadLetters).Reason);
        var lines = Parse(string.Concat(Enumerable.Repeat("{\"a\":\n", 60_000)));

        Assert.Equal(["malformed_json", "too_deep", "malformed_json"], reasons);
        Assert.Equal(60_000, lines.DeadLetters.Count);
    }

    [Theory]
    [InlineData(65_536, true)]
    [InlineData(65_537, false)]
    public void A_record_has_up_to_65536_items(int items, bool accepted)
    {
        const string Small = """{"sensor_id":"s","timestamp":1767225600000}""";
        foreach (var form in new[] { string.Join('\n', Enumerable.Repeat(Small, items)), $"[{string.Join(',', Enumerable.Repeat(Small, items))}]", string.Concat(Enumerable.Repeat("x\n", items)) })
        {
            var batch = Parse(Records(form, Good));
            if (accepted)
            {
                Assert.Equal(items + 1, batch.RowCount + batch.DeadLetters.Count);
            }
            else
            {
                Assert.Equal(("too_many_items", 1, 0), (Assert.Single(batch.DeadLetters).Reason, batch.DeadLetters[0].Record, batch.DeadLetters[0].Item));
                Assert.Equal(1, batch.RowCount);
            }
        }
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void A_record_spans_up_to_64_dates(int dates, bool accepted)
    {
        var lines = Enumerable.Range(0, dates * 2).Select(i => $$"""{"sensor_id":"s","timestamp":{{Now - (i % dates * 86_400_000L)}},"temperature":1}""");

        var batch = Parse(Records(Good, string.Join('\n', lines), Good));

        Assert.Equal(accepted ? 2 * dates + 2 : 2, batch.RowCount);
        Assert.Equal(accepted ? [] : ["too_many_dates"], batch.DeadLetters.Select(l => l.Reason));
    }

    [Fact]
    public void A_record_without_a_time_is_a_dead_letter()
    {
        var batch = Parse(Records(LogRecordInfo.NoTime, [Encoding.UTF8.GetBytes(Good)]));

        Assert.Equal("missing_record_time", Assert.Single(batch.DeadLetters).Reason);
        Assert.Equal(0, batch.RowCount);
    }

    [Fact]
    public void Event_times_are_accepted_from_2000_to_the_skew_after_the_record()
    {
        var batch = Parse("""
            {"sensor_id":"s","timestamp":946684800000}
            {"sensor_id":"s","timestamp":"2026-01-01T00:05:00Z"}
            """);

        Assert.Equal([946_684_800_000, Now + 300_000], batch.EventMs.Take(batch.RowCount));
    }

    [Fact]
    public void A_batch_closes_after_the_record_that_fills_it_and_before_the_given_offset()
    {
        var records = Records(Enumerable.Repeat($"{Good}\n{Good}\n17", 5));
        var batch = new MicroBatch(Climate.Measurements.Length, 4);
        var parser = new ReadingParser(Climate, Rules);

        parser.Parse(records, 1, long.MaxValue, 4, batch);
        Assert.Equal((1, 3, 4, 2), (batch.FirstRecord, batch.NextRecord, batch.RowCount, batch.DeadLetters.Count));
        Assert.Equal((100, 102), (batch.FirstOffset, batch.NextOffset));
        parser.Parse(records, 3, 103, 100, batch);
        Assert.Equal((3, 4, 2, 1), (batch.FirstRecord, batch.NextRecord, batch.RowCount, batch.DeadLetters.Count));
        parser.Parse(records, 4, long.MaxValue, 1, batch);
        Assert.Equal((4, 5), (batch.FirstRecord, batch.NextRecord));
        parser.Parse(records, 5, 104, 1, batch);
        Assert.Equal((5, 5, 0), (batch.FirstRecord, batch.NextRecord, batch.RowCount));
    }

    [Fact]
    public void A_message_names_field_value_and_what_is_accepted()
    {
        var batch = Parse("""
            {"sensor_id":"s","timestamp":"yesterday"}
            {"sensor_id":"s","timestamp":1767225600}
            """);

        Assert.Equal(
            "timestamp: \"yesterday\" is not accepted; accepted is ISO-8601 with a zone (2026-01-01T00:00:00.000Z) or integer Unix milliseconds",
            batch.DeadLetters[0].Detail);
        Assert.Equal(
            "timestamp: 1767225600 is out of range (integers are Unix milliseconds); accepted is 2000-01-01 to 00:05:00 after the record's time",
            batch.DeadLetters[1].Detail);
    }
}
