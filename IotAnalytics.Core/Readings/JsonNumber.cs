using System.Buffers.Text;
using System.Globalization;

namespace IotAnalytics.Core.Readings;

/// <summary>Numbers of a JSON document, from the bytes of a token that the reader has already found to be a number.</summary>
internal static class JsonNumber
{
    private const ulong ExactIntegers = 1UL << 53;

    private static readonly double[] PowersOfTen =
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    /// <summary>The nearest double, with -0 as 0; infinite when the number is beyond the range.</summary>
    public static double ToDouble(ReadOnlySpan<byte> token)
    {
        // Digits that fit 53 bits over a power of ten up to 10^22 are two exact doubles, so one division rounds correctly
        // (Clinger, How to read floating point numbers accurately, 1990). Sensors send little else.
        var at = token[0] == '-' ? 1 : 0;
        ulong digits = 0;
        var fractionDigits = 0;
        var inFraction = false;
        if (token.Length <= 18)
        {
            for (; at < token.Length; at++)
            {
                var digit = (uint)(token[at] - '0');
                if (digit <= 9)
                {
                    digits = digits * 10 + digit;
                    fractionDigits += inFraction ? 1 : 0;
                }
                else if (token[at] == '.')
                {
                    inFraction = true;
                }
                else
                {
                    break;
                }
            }
        }

        if (at == token.Length && digits <= ExactIntegers)
        {
            var exact = digits / PowersOfTen[fractionDigits];
            return (token[0] == '-' ? -exact : exact) + 0.0;
        }

        return double.Parse(token, NumberStyles.Float, CultureInfo.InvariantCulture) + 0.0;
    }

    /// <summary>True for digits with an optional sign: no fraction, no exponent.</summary>
    public static bool IsInteger(ReadOnlySpan<byte> token) => token.IndexOfAnyExceptInRange((byte)'0', (byte)'9') is var at
        && (at < 0 || (at == 0 && token[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0));

    /// <summary>The value of an integer token; beyond 64 bits the nearest end of the range.</summary>
    public static long ToInt64(ReadOnlySpan<byte> token) =>
        Utf8Parser.TryParse(token, out long value, out _) ? value : token[0] == '-' ? long.MinValue : long.MaxValue;
}
