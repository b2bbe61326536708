using System.Text;
using IotAnalytics.Core.Readings;
using static IotAnalytics.Tests.Readings.Parsing;

namespace IotAnalytics.Tests.Readings;

public class ReadingParserFuzzTests
{
    private static readonly ProfileCatalog Catalog = new([ClimateProfile.Default, Profile("motor", "vibration", "current")]);

    private static readonly byte[][] Tokens =
    [
        .. new[] { "{", "}", "[", "]", "\"", ",", ":", "\\", "\n", "\\u", "\\ud800", "null", "1e999", "-", "NaN", "\0", "\uFEFF", "\"sensor_id\":\"x\",", "\"timestamp\":1767225600000,", "{\"a\":[{", " " }.Select(Encoding.UTF8.GetBytes),
        [0xC3], [0xFF, 0xFE], [0xED, 0xA0, 0x80],
    ];

    [Fact]
    public void Whatever_the_bytes_are_every_item_is_a_row_or_a_dead_letter()
    {
        var random = new Random(5);
        var items = new ItemGenerator(6, [.. Catalog.Measurements.Select(m => m.Name)]);
        var parser = new ReadingParser(Catalog, Rules);
        var validator = new ReadingValidator(Catalog, Rules);
        var sensors = new SensorTable(Catalog);
        var batch = new MicroBatch(Catalog.Measurements.Length, 16);
        var good = 0;
        for (var round = 0; round < 20_000; round++)
        {
            using var records = Records(Now, Enumerable.Range(0, 5).Select(_ => Mutate(Payload(items, random), random)).ToArray());
            parser.Parse(records, 1, long.MaxValue, int.MaxValue, batch);
            Assert.Equal(records.Count, batch.NextRecord);
            CheckItems(batch);
            validator.Validate(batch, sensors);
            good += batch.RowCount;
        }

        Assert.True(good > 10_000);
    }

    [Fact]
    public void A_payload_cut_anywhere_keeps_the_readings_before_the_cut()
    {
        const string Line = """{"sensor_id":"s1","timestamp":"2026-01-01T00:00:00.000Z","temperature":23.42,"note":"a\u0062\n"}""";
        var payload = Encoding.UTF8.GetBytes(Line + "\n" + Line + "\n" + Line);
        for (var length = 0; length <= payload.Length; length++)
        {
            var batch = Parse(Records(Now, [payload[..length]]), Catalog);

            CheckItems(batch);
            Assert.Equal((length + 1) / (Line.Length + 1), batch.RowCount);
        }
    }

    private static void CheckItems(MicroBatch batch)
    {
        // Plain conditions: this runs for half a million items.
        var next = new int[batch.NextRecord];
        var items = new List<(int Record, int Item, int Start, int Length)>();
        for (var row = 0; row < batch.RowCount; row++)
        {
            items.Add((batch.Record[row], batch.Item[row], batch.ItemStart[row], batch.ItemLength[row]));
            Assert.True(batch.IdLength[row] is >= 1 and <= 128);
        }

        foreach (var letter in batch.DeadLetters)
        {
            items.Add((letter.Record, letter.Item, letter.PayloadStart, letter.PayloadLength));
            Assert.True(letter.Detail.Length is >= 1 and <= 200);
        }

        items.Sort();
        foreach (var (record, item, start, length) in items)
        {
            var info = batch.Records[record];
            Assert.True(next[record]++ == item && start >= info.ValueStart && length >= 0 && start + length <= info.ValueStart + info.ValueLength);
        }

        Assert.False(next.AsSpan(1).Contains(0), "a record vanished");
        for (var column = 0; column < Catalog.Measurements.Length; column++)
        {
            if (batch.Measurement(column) is { } values)
            {
                Assert.False(values.AsSpan(0, batch.RowCount).ContainsAny(double.PositiveInfinity, double.NegativeInfinity));
                Assert.False(values.AsSpan(batch.RowCount).ContainsAnyExcept(double.NaN), "a row that was given up left a value behind");
            }
        }
    }

    private static byte[] Payload(ItemGenerator items, Random random)
    {
        var lines = Enumerable.Range(0, random.Next(1, 5)).Select(_ => items.Next());
        return Encoding.UTF8.GetBytes(random.Next(3) == 0 ? $"[{string.Join(',', lines)}]" : string.Join('\n', lines));
    }

    private static byte[] Mutate(byte[] payload, Random random)
    {
        for (var i = random.Next(4); i > 0 && payload.Length > 0; i--)
        {
            var at = random.Next(payload.Length);
            var length = Math.Min(random.Next(1, 12), payload.Length - at);
            var token = Tokens[random.Next(Tokens.Length)];
            payload = random.Next(6) switch
            {
                0 => [.. payload[..at], (byte)random.Next(256), .. payload[(at + 1)..]],
                1 => [.. payload[..at], (byte)(payload[at] ^ (1 << random.Next(8))), .. payload[(at + 1)..]],
                2 => [.. payload[..at], .. payload[(at + length)..]],
                3 => [.. payload[..at], .. token, .. payload[at..]],
                4 => [.. payload[..at], .. payload.AsSpan(random.Next(at + 1), length), .. payload[at..]],
                _ => payload[..at],
            };
        }

        return payload;
    }
}
