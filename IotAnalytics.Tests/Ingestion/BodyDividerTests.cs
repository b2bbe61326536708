using System.Text;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Ingestion;
using static IotAnalytics.Tests.Ingestion.IngestionFixture;

namespace IotAnalytics.Tests.Ingestion;

public sealed class BodyDividerTests
{
    private const int Partitions = 4;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_reading_goes_unchanged_and_in_order_to_the_partition_of_its_sensor(bool asArray)
    {
        await using var fixture = await StartAsync(Partitions);
        var random = new Random(5);
        var readings = Enumerable.Range(0, 400).Select(i => Reading($"sensor_{random.Next(200)}", Now.AddSeconds(-i), random.NextDouble() * 100)).ToList();
        var body = asArray ? $" [ {string.Join(" ,\n", readings)} ] " : "\uFEFF" + string.Join("\r\n", readings);

        var result = await fixture.IngestAsync(body);

        Assert.Equal((IngestKind.Accepted, 400), (result.Kind, result.Accepted));
        Assert.Contains($"\"position\":\"{string.Join(',', result.Positions)}\"", result.AnswerJson, StringComparison.Ordinal);
        Assert.Equal(Partitions, result.Positions.Count);
        for (var p = 0; p < Partitions; p++)
        {
            using var records = await fixture.ReadAsync(p);
            var expected = readings.Where(r => Partitioner.Murmur2(Encoding.UTF8.GetBytes(r.Split('"')[3]), Partitions) == p).ToList();
            Assert.NotEmpty(expected);
            Assert.Equal(string.Concat(expected.Select(r => r + "\n")), Encoding.UTF8.GetString(records.Value(0)));
            Assert.Equal(expected.Count, Parse(records).RowCount);
        }
    }

    [Fact]
    public async Task Bad_readings_follow_the_good_ones_and_none_is_lost()
    {
        await using var fixture = await StartAsync(Partitions);
        var pretty = Reading("sensor_c", Now).Replace(",", ",\n  ", StringComparison.Ordinal);
        var body = $$"""
            {"sensor_id":"broken
            {{Reading("sensor_a", Now)}} {{Reading("sensor_b", Now)}}
            {"sensor_id":"sensor_b","timestamp":"2026-03-01T11:59:59Z","temperature":"}{"}
            7 {{pretty}}{{Reading("sensor_d", Now)}}
            ]
            {"sensor_id":"sensor_e","timestamp":1772366399000,"nested":{"a":[{"b":"}"}]},"temperature":1}
            """;

        var result = await fixture.IngestAsync(body);

        Assert.Equal((5, 4), (result.Accepted, result.RejectedTotal));
        var (rows, letters) = (new List<string>(), 0);
        foreach (var position in result.Positions)
        {
            using var records = await fixture.ReadAsync(position.Partition);
            var batch = Parse(records);
            rows.AddRange(Enumerable.Range(0, batch.RowCount).Select(r => Encoding.UTF8.GetString(batch.SensorId(r))));
            letters += batch.DeadLetters.Count;
            Assert.All(Enumerable.Range(0, batch.RowCount), r => Assert.Equal(position.Partition, Partitioner.Murmur2(batch.SensorId(r), Partitions)));
        }

        Assert.Equal(["sensor_a", "sensor_b", "sensor_c", "sensor_d", "sensor_e"], rows.Order(StringComparer.Ordinal));
        Assert.Equal(4, letters);
    }

    [Fact]
    public async Task A_bad_reading_in_front_does_not_turn_the_record_into_an_array()
    {
        await using var fixture = await StartAsync(Partitions);
        var result = await fixture.IngestAsync($"[ [1,\n2], {Reading("sensor_a", Now)}, {{}} ]");

        using var records = await fixture.ReadAsync(result.Positions.Single().Partition);
        var batch = Parse(records);
        Assert.Equal((1, 2), (batch.RowCount, batch.DeadLetters.Count));
    }

    [Fact]
    public async Task A_repeated_divided_request_gives_all_its_positions_again()
    {
        await using var fixture = await StartAsync(Partitions);
        var body = string.Join('\n', Enumerable.Range(0, 50).Select(i => Reading($"sensor_{i}", Now)));
        var first = await fixture.IngestAsync(body, "key");
        var second = await fixture.IngestAsync(body, "key");
        Assert.Equal(Partitions, second.Positions.Count);
        Assert.Equal(first.AnswerJson, second.AnswerJson);
    }
}
