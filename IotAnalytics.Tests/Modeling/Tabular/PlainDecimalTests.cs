using System.Globalization;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Tabular;

namespace IotAnalytics.Tests.Modeling.Tabular;

public class PlainDecimalTests
{
    [Fact]
    public void What_is_read_has_the_bits_of_the_framework_s_parser()
    {
        var random = new Xoshiro256(seed: 1, stream: 0);
        var read = 0;
        for (var i = 0; i < 300_000; i++)
        {
            var number = (random.NextUniform() - 0.3) * Math.Pow(10, random.NextBelow(12));
            var text = random.NextBelow(3) switch
            {
                0 => number.ToString("F" + random.NextBelow(10).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
                1 => ((float)number).ToString("R", CultureInfo.InvariantCulture),
                // Between two floats, and a little beside.
                _ => ((decimal)(float)(1 + random.NextUniform()) + 0.000000059604644775390625m + (random.NextBelow(3) - 1) * 0.0000000000001m).ToString(CultureInfo.InvariantCulture),
            };
            if (PlainDecimal.TryRead(text, out var value))
            {
                read++;
                var expected = float.Parse(text, CultureInfo.InvariantCulture);
                Assert.True(BitConverter.SingleToUInt32Bits(expected) == BitConverter.SingleToUInt32Bits(value), text);
            }
        }

        Assert.True(read > 150_000, $"{read} read");
    }

    [Theory]
    [InlineData("0", 0f)]
    [InlineData("-0", -0f)]
    [InlineData("-12.5", -12.5f)]
    [InlineData(".5", 0.5f)]
    [InlineData("5.", 5f)]
    [InlineData("16777217.5", 16777218f)]
    public void Plain_decimals_are_read(string text, float expected)
    {
        Assert.True(PlainDecimal.TryRead(text, out var value));
        Assert.Equal(BitConverter.SingleToUInt32Bits(expected), BitConverter.SingleToUInt32Bits(value));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".")]
    [InlineData("1e5")]
    [InlineData("1.2.3")]
    [InlineData("NaN")]
    [InlineData("1,5")]
    [InlineData("٣")]
    [InlineData("16777217")]
    [InlineData("99999999999999999999")]
    public void Everything_else_is_left_to_the_framework(string text) => Assert.False(PlainDecimal.TryRead(text, out _));
}
