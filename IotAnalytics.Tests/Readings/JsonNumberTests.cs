using System.Globalization;
using System.Text;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Tests.Readings;

public class JsonNumberTests
{
    [Theory]
    [InlineData("0")]
    [InlineData("-0")]
    [InlineData("-0.0")]
    [InlineData("9007199254740993")]
    [InlineData("9007199254740.993")]
    [InlineData("0.1000000000000000055511151231257827")]
    [InlineData("2.2250738585072011e-308")]
    [InlineData("1.7976931348623157e308")]
    [InlineData("4.9e-324")]
    [InlineData("1E2")]
    public void A_number_is_the_nearest_double(string text) => Check(text);

    [Fact]
    public void Random_decimals_are_the_nearest_double()
    {
        var random = new Random(1);
        for (var i = 0; i < 200_000; i++)
        {
            var whole = random.NextInt64(1L << random.Next(1, 60)).ToString(CultureInfo.InvariantCulture);
            var fraction = random.Next(3) == 0 ? "" : "." + random.NextInt64(1L << random.Next(1, 40)).ToString(CultureInfo.InvariantCulture).PadLeft(random.Next(12), '0');
            Check((random.Next(2) == 0 ? "-" : "") + whole + fraction);
        }
    }

    private static void Check(string text)
    {
        var expected = double.Parse(text, CultureInfo.InvariantCulture) + 0.0;

        var actual = JsonNumber.ToDouble(Encoding.ASCII.GetBytes(text));

        Assert.True(BitConverter.DoubleToInt64Bits(expected) == BitConverter.DoubleToInt64Bits(actual), $"{text}: {actual:R} instead of {expected:R}");
    }
}
