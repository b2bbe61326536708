using IotAnalytics.Core.Metrics;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Tests.Metrics;

public sealed class TotalsWindowTests
{
    [Fact]
    public void Every_item_is_counted_once_as_what_it_became()
    {
        var catalog = new ProfileCatalog([ClimateProfile.Default]);
        var batches = new TestBatches(catalog);
        var totals = new TotalsWindow();
        var reading = TestBatches.Reading("a", 1, "\"temperature\":20,\"humidity\":50");
        var batch = batches.Validate(
            0.4, reading, reading, "{\"sensor_id\":1}", TestBatches.Reading("b", 1, "\"pressure\":1"), TestBatches.Reading("a", -3600, "\"temperature\":90,\"humidity\":5"));
        batch.Outcome[batch.RowCount - 1] = RowOutcome.Anomaly;

        totals.Add(batch, batches.Sensors);

        Assert.Equal(new PipelineTotals(Readings: 5, Normal: 1, Anomalies: 1, DeadLetters: 2, Duplicates: 1, NotScored: 0, Late: 1), totals.Sum);
        totals.Clear();
        Assert.Equal(default, totals.Sum);
    }
}
