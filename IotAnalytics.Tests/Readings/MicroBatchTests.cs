using IotAnalytics.Core.Readings;
using static IotAnalytics.Tests.Readings.Parsing;

namespace IotAnalytics.Tests.Readings;

public class MicroBatchTests
{
    private const string Row = """{"sensor_id":"s","timestamp":1767225600000,"temperature":1}""";

    [Fact]
    public void Truncating_drops_the_later_records_and_ends_the_batch_there()
    {
        var records = Records($"{Row}\n17", $"{Row}\n{Row}\n17", $"{Row}\n17");
        var batch = Parse(records);

        batch.TruncateBefore(2);

        Assert.Equal((2, 1, 1), (batch.NextRecord, batch.RowCount, batch.DeadLetters.Count));
        Assert.Equal(101, batch.NextOffset);
        Assert.Equal((1, 1), (batch.DeadLetters[0].Record, batch.DeadLetters[0].Item));
        Assert.All(batch.Measurement(Climate.ColumnOf("temperature"))!.Skip(1), v => Assert.True(double.IsNaN(v)));
    }

    [Fact]
    public void Truncating_at_the_end_changes_nothing_and_below_the_first_record_is_refused()
    {
        var batch = Parse(Records(Row, Row));

        batch.TruncateBefore(3);

        Assert.Equal((3, 2), (batch.NextRecord, batch.RowCount));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.TruncateBefore(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.TruncateBefore(4));
    }

    [Fact]
    public void Values_of_an_earlier_batch_never_show_through()
    {
        var batch = new MicroBatch(Climate.Measurements.Length, 2);
        var parser = new ReadingParser(Climate, Rules);
        parser.Parse(Records(string.Join('\n', Enumerable.Repeat(Row, 100))), 1, long.MaxValue, int.MaxValue, batch);

        parser.Parse(Records("""{"sensor_id":"s","timestamp":1767225600000,"humidity":5}""" + "\n" + Row), 1, long.MaxValue, int.MaxValue, batch);

        Assert.True(double.IsNaN(batch.Value(0, "temperature")));
        Assert.Equal(1, batch.Value(1, "temperature"));
        Assert.True(double.IsNaN(batch.Value(1, "humidity")));
        parser.Parse(Records("""{"sensor_id":"s","timestamp":1767225600000}"""), 1, long.MaxValue, int.MaxValue, batch);
        Assert.Null(batch.Measurement(0));
    }
}
