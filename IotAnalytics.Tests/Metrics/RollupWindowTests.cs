using IotAnalytics.Core.Metrics;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Tests.Metrics;

public sealed class RollupWindowTests
{
    private static readonly ProfileCatalog Catalog = new([ClimateProfile.Default]);

    [Fact]
    public void Readings_of_a_minute_are_one_cell_with_count_extremes_and_sums()
    {
        var (window, batches) = (new RollupWindow(Catalog), new TestBatches(Catalog));
        var batch = batches.Validate(
            0.4,
            TestBatches.Reading("a", 1, "\"temperature\":20,\"humidity\":50"),
            TestBatches.Reading("a", 59, "\"temperature\":24,\"humidity\":60"),
            TestBatches.Reading("a", 61, "\"temperature\":30,\"humidity\":55"));
        batch.Outcome[1] = RowOutcome.Anomaly;
        batch.Score[1] = 0.7;

        window.Add(batch, batches.Sensors);

        Assert.Equal(2, window.CellCount);
        var cell = window.Cells[0];
        Assert.Equal(1, cell.AnomalyCount);
        Assert.Equal(0.7, cell.ScoreMax);
        var temperature = window.ValuesOf(cell)[IndexOf("temperature")];
        Assert.Equal((2, 20.0, 24.0, 44.0, 400.0 + 576.0), (temperature.Count, temperature.Min, temperature.Max, temperature.Sum, temperature.SumSquares));
        Assert.Equal(1, window.ValuesOf(window.Cells[1])[IndexOf("humidity")].Count);
    }

    [Fact]
    public void Duplicates_dead_letters_and_missing_values_are_not_rolled_up()
    {
        var (window, batches) = (new RollupWindow(Catalog), new TestBatches(Catalog));
        var reading = TestBatches.Reading("a", 1, "\"temperature\":20,\"humidity\":null");

        // A sensor that is bound first, then sends a reading without humidity, twice.
        window.Add(batches.Validate(0.4, TestBatches.Reading("a", 0, "\"temperature\":20,\"humidity\":50")), batches.Sensors);
        window.Add(batches.Validate(0.4, reading, reading, "{}", TestBatches.Reading("b", 1, "\"pressure\":3")), batches.Sensors);

        var values = window.ValuesOf(window.Cells[0]);
        Assert.Equal(1, window.CellCount);
        Assert.Equal(2, values[IndexOf("temperature")].Count);
        Assert.Equal(1, values[IndexOf("humidity")].Count);
    }

    [Fact]
    public void The_newest_reading_is_the_one_with_the_latest_event_time()
    {
        var (window, batches) = (new RollupWindow(Catalog), new TestBatches(Catalog));

        window.Add(
            batches.Validate(
                0.4, TestBatches.Reading("a", 5, "\"temperature\":20,\"humidity\":50"), TestBatches.Reading("a", 2, "\"temperature\":99,\"humidity\":50")),
            batches.Sensors);

        var newest = Assert.Single(window.Newest.ToArray());
        Assert.Equal(TestBatches.Start.ToUnixTimeMilliseconds() + 5000, newest.EventMs);
        Assert.Equal(20, window.ValuesOf(newest)[IndexOf("temperature")]);
    }

    [Fact]
    public void Thousands_of_cells_are_kept_apart_and_a_cleared_window_starts_again()
    {
        var (window, batches) = (new RollupWindow(Catalog), new TestBatches(Catalog));
        for (var round = 0; round < 2; round++)
        {
            var records = Enumerable.Range(0, 6000)
                .Select(i => TestBatches.Reading($"s{i % 300}", -(round * 60_000) - (i / 300 * 60), $"\"temperature\":{i % 300},\"humidity\":50")).ToArray();
            window.Add(batches.Validate(0.4, records), batches.Sensors);

            Assert.Equal(300 * 20, window.CellCount);
            Assert.Equal(300, window.SensorCount);
            foreach (ref readonly var cell in window.Cells)
            {
                Assert.Equal(1, window.ValuesOf(cell)[IndexOf("temperature")].Count);
                Assert.Equal($"s{window.ValuesOf(cell)[IndexOf("temperature")].Sum}", batches.Sensors.IdOf(cell.Sensor));
            }

            window.Clear();
        }
    }

    private static int IndexOf(string measurement) => Catalog.Profiles[0].Measurements.Select(m => m.Name).ToList().IndexOf(measurement);
}
