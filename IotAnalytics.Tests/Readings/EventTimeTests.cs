using System.Globalization;
using System.Text;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Tests.Readings;

public class EventTimeTests
{
    [Theory]
    [InlineData("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z")]
    [InlineData("2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.100Z")]
    [InlineData("2026-01-01T00:00:00.1239999Z", "2026-01-01T00:00:00.123Z")]
    [InlineData("2026-12-31T23:59:59.9999999999Z", "2026-12-31T23:59:59.999Z")]
    [InlineData("2026-01-01T00:00:00,5Z", "2026-01-01T00:00:00.500Z")]
    [InlineData("2026-01-01t00:00:00z", "2026-01-01T00:00:00.000Z")]
    [InlineData("2026-01-01T12:30Z", "2026-01-01T12:30:00.000Z")]
    [InlineData("2026-01-01T12:30+02", "2026-01-01T10:30:00.000Z")]
    [InlineData("2026-01-01T00:00:00+05:30", "2025-12-31T18:30:00.000Z")]
    [InlineData("2026-01-01T00:00:00-0530", "2026-01-01T05:30:00.000Z")]
    [InlineData("2024-02-29T12:00:00.5-00:00", "2024-02-29T12:00:00.500Z")]
    [InlineData("2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z")]
    [InlineData("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z")]
    public void A_time_with_a_zone_is_read(string text, string utc)
    {
        Assert.True(EventTime.TryParse(Encoding.UTF8.GetBytes(text), out var ms));
        Assert.Equal(utc, DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-01-01")]
    [InlineData("2026-01-01T00:00:00")]
    [InlineData("2026-01-01T00:00:00.000")]
    [InlineData("2026-01-01 00:00:00Z")]
    [InlineData("2026-01-01T24:00:00Z")]
    [InlineData("2026-01-01T23:60:00Z")]
    [InlineData("2026-06-30T23:59:60Z")]
    [InlineData("2026-02-29T00:00:00Z")]
    [InlineData("1900-02-29T00:00:00Z")]
    [InlineData("2026-04-31T00:00:00Z")]
    [InlineData("2026-00-01T00:00:00Z")]
    [InlineData("2026-13-01T00:00:00Z")]
    [InlineData("2026-01-00T00:00:00Z")]
    [InlineData("2026-01-01T00:00:00.Z")]
    [InlineData("2026-01-01T00:00:00.5")]
    [InlineData("2026-01-01T00:00:00:00Z")]
    [InlineData("2026-01-01T00:00:00ZZ")]
    [InlineData("2026-01-01T00:00:00+24:00")]
    [InlineData("2026-01-01T00:00:00+01:60")]
    [InlineData("2026-01-01T00:00:00+1:00")]
    [InlineData("2026-01-01T00:00:00+01-00")]
    [InlineData("2026-01-01T00:00:00 Z")]
    [InlineData("+2026-01-01T00:00:00Z")]
    [InlineData("20260101T000000Z")]
    [InlineData("2026-W01-1T00:00:00Z")]
    [InlineData("2026-001T00:00:00Z")]
    [InlineData("2026-1-1T0:00:00Z")]
    [InlineData("2O26-01-01T00:00:00Z")]
    [InlineData("2026-01-01T00:00:00.000000000000000000000000000000000000000000000000Z")]
    [InlineData("Thu, 01 Jan 2026 00:00:00 GMT")]
    public void Anything_else_is_refused(string text) => Assert.False(EventTime.TryParse(Encoding.UTF8.GetBytes(text), out _));

    [Fact]
    public void Every_day_of_400_years_is_the_one_of_the_calendar()
    {
        for (var day = new DateTime(1900, 1, 1); day < new DateTime(2300, 1, 1); day = day.AddDays(1))
        {
            var text = day.ToString("yyyy-MM-dd'T'HH:mm'Z'", CultureInfo.InvariantCulture);
            Assert.True(EventTime.TryParse(Encoding.UTF8.GetBytes(text), out var ms) && ms == new DateTimeOffset(day, TimeSpan.Zero).ToUnixTimeMilliseconds(), text);
        }
    }
}
