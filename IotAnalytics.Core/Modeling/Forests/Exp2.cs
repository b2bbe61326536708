namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>2 to a power, the same bits on every processor and operating system: <see cref="Math.Pow"/> calls the platform's library,
/// whose last bit differs, and a model file must score the same for ever.</summary>
internal static class Exp2
{
    private const double Ln2 = 0.69314718055994531;

    private const double Lowest = -1_000;

    /// <summary>2^x for x ≤ 0, within 2 units in the last place; 0 below −1,000.</summary>
    public static double Of(double x)
    {
        if (!(x > Lowest))
        {
            return 0;
        }

        var whole = Math.Round(x);
        var z = (x - whole) * Ln2;
        // Taylor series of e^z to z¹³; |z| ≤ 0.347, so the first term left out is below 4e-18.
        var sum = 1.0 / 6_227_020_800;
        sum = sum * z + 1.0 / 479_001_600;
        sum = sum * z + 1.0 / 39_916_800;
        sum = sum * z + 1.0 / 3_628_800;
        sum = sum * z + 1.0 / 362_880;
        sum = sum * z + 1.0 / 40_320;
        sum = sum * z + 1.0 / 5_040;
        sum = sum * z + 1.0 / 720;
        sum = sum * z + 1.0 / 120;
        sum = sum * z + 1.0 / 24;
        sum = sum * z + 1.0 / 6;
        sum = sum * z + 0.5;
        sum = sum * z + 1;
        sum = sum * z + 1;
        return sum * BitConverter.Int64BitsToDouble(((long)whole + 1023) << 52);
    }
}
