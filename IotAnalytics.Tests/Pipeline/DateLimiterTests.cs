using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Readings;
using IotAnalytics.Tests.Metrics;

namespace IotAnalytics.Tests.Pipeline;

public sealed class DateLimiterTests
{
    private const double Day = 86_400;
    private readonly TestBatches _batches = new(new ProfileCatalog([ClimateProfile.Default]));
    private readonly DateLimiter _limiter = new();

    [Fact]
    public void The_record_with_the_ninth_date_is_left_for_the_next_cut()
    {
        var batch = _batches.Parse([.. Enumerable.Range(0, 12).Select(d => Record(-d))]);

        Assert.Equal(8, _limiter.Take(batch));

        batch.TruncateBefore(8);
        Assert.Equal(8, batch.RowCount);
        Assert.Equal(8, batch.NextRecord);
    }

    [Fact]
    public void Dates_that_are_open_already_fit_and_a_new_cut_starts_empty()
    {
        Assert.Equal(8, _limiter.Take(_batches.Parse([.. Enumerable.Range(0, 8).Select(d => Record(-d))])));
        Assert.Equal(3, _limiter.Take(_batches.Parse(Record(-2), Record(-7), Record(0))));
        Assert.Equal(0, _limiter.Take(_batches.Parse(Record(-8))));

        _limiter.Clear();
        Assert.Equal(1, _limiter.Take(_batches.Parse(Record(-8))));
    }

    [Fact]
    public void A_single_record_of_many_dates_has_a_cut_of_its_own()
    {
        var many = string.Join('\n', Enumerable.Range(0, 20).Select(d => Record(-d)));

        Assert.Equal(1, _limiter.Take(_batches.Parse(Record(0), many)));
        _limiter.Clear();
        Assert.Equal(1, _limiter.Take(_batches.Parse(many, Record(-30))));
    }

    private static string Record(int day) => TestBatches.Reading("a", day * Day, "\"temperature\":20,\"humidity\":50");
}
