using System.Globalization;
using IotAnalytics.Core.Readings;
using static IotAnalytics.Tests.Readings.Parsing;

namespace IotAnalytics.Tests.Readings;

public class ReadingValidatorTests
{
    private const ReadingFlags Warm = ReadingFlags.WarmingUp;
    private readonly SensorTable _sensors = new(Climate);

    [Theory]
    [InlineData(0, 20, 50, ReadingFlags.None)]
    [InlineData(0, 200, 100, ReadingFlags.None)]
    [InlineData(0, -50, 0, ReadingFlags.None)]
    [InlineData(0, 200.01, 50, ReadingFlags.OutOfRange)]
    [InlineData(0, 20, -0.01, ReadingFlags.OutOfRange)]
    [InlineData(-300_000, 20, 50, ReadingFlags.None)]
    [InlineData(-300_001, 20, 50, ReadingFlags.Late)]
    [InlineData(1, 20, 50, ReadingFlags.ClockSuspect)]
    [InlineData(300_000, 20, 50, ReadingFlags.ClockSuspect)]
    [InlineData(-315_576_000_000, 20, 50, ReadingFlags.Late)]
    [InlineData(-315_576_000_001, 20, 50, ReadingFlags.Late | ReadingFlags.ClockSuspect)]
    internal void A_first_reading_is_flagged_by_its_values_and_its_time(long ahead, double temperature, double humidity, ReadingFlags expected)
    {
        var batch = Validate(Reading(ahead, temperature, humidity));

        Assert.Equal(expected | Warm, batch.Flags[0]);
        Assert.Equal(RowOutcome.Normal, batch.Outcome[0]);
        Assert.Equal(0, batch.Sensor[0]);
    }

    [Fact]
    public void The_first_200_readings_are_warming_up()
    {
        var flags = Flags(Enumerable.Range(0, 201).Select(i => Reading(i - 1000, i % 7, 50)));

        Assert.All(flags[..200], f => Assert.True(f.HasFlag(Warm)));
        Assert.False(flags[200].HasFlag(Warm));
    }

    [Fact]
    public void A_reading_like_one_of_the_last_8_is_a_duplicate_and_leaves_no_trace()
    {
        string[] nine = [.. Enumerable.Range(0, 9).Select(i => Reading(i * 1000 - 100_000, i, 50))];
        Validate(string.Join('\n', nine));
        var before = Saved();

        var batch = Validate(string.Join('\n', nine[1], nine[8], Reading(8000 - 100_000, 8.5, 50)));
        Assert.Equal([RowOutcome.Duplicate, RowOutcome.Duplicate, RowOutcome.Normal], batch.Outcome.Take(3));
        Assert.Equal([Warm | ReadingFlags.Duplicate | ReadingFlags.OutOfOrder, Warm | ReadingFlags.Duplicate, Warm], batch.Flags.Take(3));
        Assert.NotEqual(before, Saved());

        var old = Validate(nine[0]);
        Assert.Equal((RowOutcome.Normal, Warm | ReadingFlags.OutOfOrder), (old.Outcome[0], old.Flags[0]));
    }

    [Fact]
    public void Duplicates_do_not_change_the_state()
    {
        Validate(Reading(0, 1, 50));
        var before = Saved();

        Validate(Reading(0, 1, 50) + Reading(0, 1, 50));

        Assert.Equal(before, Saved());
    }

    [Fact]
    public void A_missing_value_makes_another_reading_than_a_present_one()
    {
        var batch = Validate(Reading(0, 1, 50) + """{"sensor_id":"s","timestamp":1767225600000,"temperature":1}""" + """{"sensor_id":"s","timestamp":1767225600000,"temperature":1,"humidity":null}""");

        Assert.Equal([RowOutcome.Normal, RowOutcome.Normal, RowOutcome.Duplicate], batch.Outcome.Take(3));
    }

    [Fact]
    public void An_out_of_order_reading_moves_neither_the_newest_time_nor_the_last_values()
    {
        var flags = Flags([Reading(-1000, 1, 50), Reading(-5000, 2, 50), Reading(-1000, 3, 50), Reading(-1001, 4, 50)]);

        Assert.Equal([Warm, Warm | ReadingFlags.OutOfOrder, Warm, Warm | ReadingFlags.OutOfOrder], flags);
        Assert.Equal(Now - 1000, _sensors.StateOf(0).NewestMs);
        Assert.Equal(4, _sensors.StateOf(0).Readings);
        Assert.Equal(3, _sensors.MeasurementsOf(0)[1].Value);
    }

    [Fact]
    public void A_measurement_is_stuck_after_20_intervals_and_20_readings_with_one_value()
    {
        // Every 10 s, as expected: the 21st reading is 200 s after the first.
        var asExpected = Flags(Enumerable.Range(0, 22).Select(i => Reading(i * 10_000 - 290_000, i, 50)));
        Assert.Equal(20, Array.FindIndex(asExpected, f => f.HasFlag(ReadingFlags.Stuck)));
        Assert.True(asExpected[21].HasFlag(ReadingFlags.Stuck));

        var oftener = Flags(Enumerable.Range(0, 300).Select(i => Reading(i * 1000 - 299_000, i, 50, "often")));
        Assert.Equal(200, Array.FindIndex(oftener, f => f.HasFlag(ReadingFlags.Stuck)));

        var rarer = Flags(Enumerable.Range(0, 30).Select(i => Reading(i * 100_000 - 9_000_000, i, 50, "rare")));
        Assert.Equal(19, Array.FindIndex(rarer, f => f.HasFlag(ReadingFlags.Stuck)));
    }

    [Fact]
    public void A_change_ends_a_stuck_value_and_a_missing_one_does_not()
    {
        Flags(Enumerable.Range(0, 22).Select(i => Reading(i * 10_000 - 290_000, i, 50)));

        var flags = Flags([Reading(-50_000, 20.5, double.NaN), Reading(-40_000, 21, 50), Reading(-30_000, 22, 50.1), Reading(-20_000, 23, 50.1)]);

        Assert.Equal([false, true, false, false], flags.Select(f => f.HasFlag(ReadingFlags.Stuck)));
    }

    [Fact]
    public void A_bound_sensor_may_send_nothing_of_its_profile()
    {
        Validate(Reading(0, 1, 50));

        var batch = Validate("""{"sensor_id":"s","timestamp":1767225601000}""");

        Assert.Equal((0, RowOutcome.Normal), (batch.Sensor[0], batch.Outcome[0]));
        Assert.Empty(batch.DeadLetters);
    }

    [Fact]
    public void A_new_sensor_is_bound_to_the_largest_profile_that_its_reading_fills()
    {
        var catalog = new ProfileCatalog([Profile("a", "x"), Profile("b", "x", "y"), Profile("c", "z", "y")]);
        var sensors = new SensorTable(catalog);
        var batch = Validate(
            catalog,
            sensors,
            """
            {"sensor_id":"only_x","timestamp":1767225600000,"x":1,"y":null}
            {"sensor_id":"x_and_y","timestamp":1767225600000,"x":1,"y":2}
            {"sensor_id":"y","timestamp":1767225600000,"y":2}
            {"sensor_id":"all","timestamp":1767225600000,"x":1,"y":2,"z":3}
            {"sensor_id":"only_x","timestamp":1767225601000,"x":1,"y":2,"z":3}
            {"sensor_id":"x_and_y","timestamp":1767225601000,"z":3}
            """);

        Assert.Equal([0, 1, -1, -1, 0, 1], batch.Sensor.Take(6));
        Assert.Equal(["only_x", "x_and_y"], [sensors.IdOf(0), sensors.IdOf(1)]);
        Assert.Equal([0, 1], [sensors.ProfileOf(0), sensors.ProfileOf(1)]);
        Assert.Equal(2, sensors.Count);
        Assert.Equal([("unknown_profile", 2), ("ambiguous_profile", 3)], batch.DeadLetters.Select(l => (l.Reason, l.Item)));
        Assert.Equal([RowOutcome.DeadLetter, RowOutcome.DeadLetter], batch.Outcome.Skip(2).Take(2));
        Assert.StartsWith("""{"sensor_id":"y",""", batch.Payload(batch.DeadLetters[0]), StringComparison.Ordinal);
        Assert.Equal("a new sensor with the measurements y; accepted are all of a profile: a (x); b (x, y); c (z, y)", batch.DeadLetters[0].Detail);
        Assert.Equal("profiles b and c fit a new sensor with the measurements x, y, z; accepted is one best fit", batch.DeadLetters[1].Detail);
    }

    [Fact]
    public void Measurements_of_another_profile_are_extra_fields()
    {
        var catalog = new ProfileCatalog([Profile("a", "x"), Profile("b", "x", "y")]);
        var sensors = new SensorTable(catalog);

        var batch = Validate(
            catalog,
            sensors,
            """
            {"sensor_id":"one","timestamp":1767225598000,"x":1}
            {"sensor_id":"one","timestamp":1767225599000,"x":1,"y":1000}
            {"sensor_id":"two","timestamp":1767225599000,"x":1,"y":1000}
            {"sensor_id":"one","timestamp":1767225599000,"x":1,"y":2000}
            """);

        Assert.Equal([Warm, Warm, Warm | ReadingFlags.OutOfRange, Warm | ReadingFlags.Duplicate], batch.Flags.Take(4));
        Assert.Equal([double.NaN, double.NaN, 1000, double.NaN], batch.Measurement(catalog.ColumnOf("y"))!.Take(4));
    }

    [Fact]
    public void The_range_is_that_of_the_sensor_s_own_profile()
    {
        var wide = Profile("wide", "x", "y") with { Measurements = [new MeasurementDefinition("x", "1", -1e6, 1e6, null, null), new MeasurementDefinition("y", "1", -1e6, 1e6, null, null)] };
        var catalog = new ProfileCatalog([Profile("a", "x"), wide]);

        var batch = Validate(catalog, new SensorTable(catalog), """{"sensor_id":"n","timestamp":1767225600000,"x":500}{"sensor_id":"w","timestamp":1767225600000,"x":500,"y":500}""");

        Assert.Equal([Warm | ReadingFlags.OutOfRange, Warm], batch.Flags.Take(2));
    }

    [Fact]
    public void The_same_records_give_the_same_state_however_they_are_cut_into_batches()
    {
        var items = new ItemGenerator(3, ["temperature", "humidity"]);
        string[] values = [.. Enumerable.Range(0, 300).Select(_ => string.Join('\n', Enumerable.Range(0, 10).Select(_ => items.Next())))];
        Validate(Climate, _sensors, values);
        var together = Saved();
        var one = new SensorTable(Climate);
        foreach (var value in values)
        {
            Validate(Climate, one, value);
        }

        using var stream = new MemoryStream();
        one.Save(stream);
        Assert.Equal(together, stream.ToArray());
        Assert.True(one.Count > 20);
    }

    private static string Reading(long ahead, double temperature, double humidity, string id = "s") => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"sensor_id":"{{id}}","timestamp":{{Now + ahead}},"temperature":{{temperature}},"humidity":{{(double.IsNaN(humidity) ? "null" : humidity)}}}""") + "\n";

    private byte[] Saved()
    {
        using var stream = new MemoryStream();
        _sensors.Save(stream);
        return stream.ToArray();
    }

    private MicroBatch Validate(string value) => Validate(Climate, _sensors, value);

    private ReadingFlags[] Flags(IEnumerable<string> readings)
    {
        var batch = Validate(string.Concat(readings));
        Assert.Empty(batch.DeadLetters);
        return [.. batch.Flags.Take(batch.RowCount)];
    }

    private static MicroBatch Validate(ProfileCatalog catalog, SensorTable sensors, params string[] values)
    {
        var batch = Parse(Records(values), catalog);
        new ReadingValidator(catalog, Rules).Validate(batch, sensors);
        return batch;
    }
}
