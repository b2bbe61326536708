using IotAnalytics.Core.Readings.Features;

namespace IotAnalytics.Tests.Readings.Features;

public class FeatureExpressionTests
{
    private static readonly string[] Names = ["x", "y", "max_load"];

    [Theory]
    [InlineData("1", 1)]
    [InlineData("2.5e-1", 0.25)]
    [InlineData("x", 3)]
    [InlineData("x + y * 2", 7)]
    [InlineData("(x + y) * 2", 10)]
    [InlineData("x - y - 1", 0)]
    [InlineData("x / y / 2", 0.75)]
    [InlineData("-x", -3)]
    [InlineData("--x", 3)]
    [InlineData("-x * -y", 6)]
    [InlineData("2 - -x", 5)]
    [InlineData("min(x, y)", 2)]
    [InlineData("max(x, y + 2)", 4)]
    [InlineData("abs(y - x)", 1)]
    [InlineData("sqrt(x + 1)", 2)]
    [InlineData("log(exp(y))", 2)]
    [InlineData("pow(x, y)", 9)]
    [InlineData("pow(0, 0)", 1)]
    [InlineData("max_load", 0)]
    [InlineData(" x/max( max_load ,1 ) ", 3)]
    [InlineData("min(1 / max_load, 5)", 5)]
    public void An_expression_has_the_value_of_arithmetic(string text, double expected) => Assert.Equal(expected, Evaluate(text, 3, 2, 0), 12);

    [Theory]
    [InlineData("x / max_load", double.PositiveInfinity)]
    [InlineData("max_load / max_load", double.NaN)]
    [InlineData("log(max_load)", double.NegativeInfinity)]
    [InlineData("log(-1)", double.NaN)]
    [InlineData("sqrt(-1)", double.NaN)]
    [InlineData("exp(1e9)", double.PositiveInfinity)]
    [InlineData("pow(-1, 0.5)", double.NaN)]
    public void No_input_throws(string text, double expected) => Assert.Equal(expected, Evaluate(text, 3, 2, 0));

    [Theory]
    [InlineData("x * 0")]
    [InlineData("min(x, 1)")]
    [InlineData("max(1, x)")]
    [InlineData("pow(x, 0)")]
    [InlineData("pow(1, x)")]
    [InlineData("abs(-x)")]
    [InlineData("x - x")]
    public void A_missing_measurement_makes_the_result_missing(string text) => Assert.Equal(double.NaN, Evaluate(text, double.NaN, 2, 0));

    [Theory]
    [InlineData("", "position 1: found the end, accepted is a number, a measurement (x, y, max_load), a function (abs, delta, ewma, exp, log, max, min, pow, residual, sqrt), - or (")]
    [InlineData("x +", "position 4: found the end, accepted is a number, a measurement (x, y, max_load), a function (abs, delta, ewma, exp, log, max, min, pow, residual, sqrt), - or (")]
    [InlineData("x y", "position 3: found 'y', accepted is an operator (+ - * /) or the end")]
    [InlineData("x ^ 2", "position 3: found '^', accepted is an operator (+ - * /) or the end")]
    [InlineData("+x", "position 1: found '+', accepted is a number, a measurement (x, y, max_load), a function (abs, delta, ewma, exp, log, max, min, pow, residual, sqrt), - or (")]
    [InlineData("x / temperatur", "position 5: found 'temperatur', accepted is a measurement of the profile: x, y, max_load")]
    [InlineData("X", "position 1: found 'X', accepted is a measurement of the profile: x, y, max_load")]
    [InlineData("sin(x)", "position 1: found 'sin', accepted is a function: abs, delta, ewma, exp, log, max, min, pow, residual, sqrt")]
    [InlineData("max(x)", "position 6: found ')', accepted is , and a second argument of max")]
    [InlineData("max(x, y, 1)", "position 9: found ',', accepted is an operator or ) after max's second argument")]
    [InlineData("abs(x, y)", "position 6: found ',', accepted is an operator or ) after abs's only argument")]
    [InlineData("(x", "position 3: found the end, accepted is an operator or )")]
    [InlineData("x)", "position 2: found ')', accepted is an operator (+ - * /) or the end")]
    [InlineData("1e999", "position 1: found '1e999', accepted is a number within the range of a 64-bit float")]
    [InlineData("1.x", "position 2: found '.', accepted is an operator (+ - * /) or the end")]
    [InlineData("x \u00D7 2", "position 3: found '\u00D7', accepted is an operator (+ - * /) or the end")]
    public void A_mistake_is_named_by_its_position(string text, string error)
    {
        Assert.False(FeatureExpression.TryParse(text, Names, out var expression, out var found));
        Assert.Null(expression);
        Assert.Equal(error, found);
    }

    [Fact]
    public void Length_and_nesting_are_bounded()
    {
        Assert.True(FeatureExpression.TryParse(new string('(', 49) + "x" + new string(')', 49), Names, out _, out _));
        Assert.False(FeatureExpression.TryParse(new string('(', 50) + "x" + new string(')', 50), Names, out _, out var nested));
        Assert.Equal("position 51: found 'x', accepted is at most 50 nested parentheses, functions and signs", nested);
        Assert.False(FeatureExpression.TryParse(new string('-', 900) + "x", Names, out _, out _));
        Assert.False(FeatureExpression.TryParse(string.Join('+', Enumerable.Repeat("x", 501)), Names, out _, out var length));
        Assert.Equal("the expression has 1001 characters, accepted are up to 1000", length);
    }

    [Fact]
    public void Random_text_is_parsed_or_refused_with_a_position()
    {
        string[] parts = ["x", "y", "max_load", "1", "2.5", "1e9", "+", "-", "*", "/", "(", ")", ",", "min(", "max(", "abs(", "pow(", "sqrt(", "log(", "exp(", " ", ".", "e", "\0", "é"];
        var random = new Random(4);
        var good = 0;
        for (var i = 0; i < 100_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => parts[random.Next(parts.Length)]));
            if (FeatureExpression.TryParse(text, Names, out var expression, out var error))
            {
                good++;
                expression.Evaluate([1, double.NaN, -3], new double[expression.StackDepth], new double[expression.StateSlots]);
            }
            else
            {
                Assert.StartsWith("position ", error, StringComparison.Ordinal);
            }
        }

        Assert.True(good > 1_000);
    }

    private static double Evaluate(string text, params double[] measurements)
    {
        Assert.True(FeatureExpression.TryParse(text, Names, out var expression, out var error), error);
        return expression.Evaluate(measurements, new double[expression.StackDepth], new double[expression.StateSlots]);
    }
}
