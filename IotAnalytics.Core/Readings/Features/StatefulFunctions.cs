namespace IotAnalytics.Core.Readings.Features;

/// <summary>
/// Functions of an expression that remember the sensor's earlier readings. Each call in an expression has numbers of its own, its slots, which
/// begin as zeros. A missing value gives NaN and changes nothing.
/// </summary>
internal static class StatefulFunctions
{
    /// <summary>Readings of a sensor from which <see cref="Residual"/> learns what is usual for it.</summary>
    public const int WarmUp = 100;

    /// <summary>E|u| of a standard normal u is √(2/π): a mean absolute deviation times this estimates a standard deviation.</summary>
    private const double DeviationToSigma = 1.2533141373155001;

    /// <summary>Residuals are cut here, so that a nonsense value leaves the averages of residuals again.</summary>
    private const double Largest = 100;

    /// <summary>Numbers that a call of the operation remembers; 0: it remembers nothing.</summary>
    public static int Slots(Operation operation) => operation switch
    {
        Operation.Delta or Operation.Ewma => 2,
        Operation.Residual => 3,
        _ => 0,
    };

    /// <summary>The function's value. Changes <paramref name="slots"/> when <paramref name="advance"/>.</summary>
    public static double Apply(in Instruction step, double value, Span<double> slots, bool advance) =>
        double.IsNaN(value) || slots.IsEmpty
            ? double.NaN
            : step.Operation switch
            {
                Operation.Delta => Delta(value, slots.Slice(step.Slot, 2), advance),
                Operation.Ewma => Ewma(value, step.Span, slots.Slice(step.Slot, 2), advance),
                _ => Residual(value, step.Span, step.Constant, slots.Slice(step.Slot, 3), advance),
            };

    /// <summary>The change since the previous reading; NaN for the first. Slots: previous value, 1 when there is one.</summary>
    private static double Delta(double value, Span<double> slots, bool advance)
    {
        var change = slots[1] == 0 ? double.NaN : value - slots[0];
        if (advance)
        {
            slots[0] = value;
            slots[1] = 1;
        }

        return change;
    }

    /// <summary>
    /// The exponentially weighted moving average with the value in it, weight 2 / (span + 1) (Roberts 1959). The first readings weigh
    /// 1, 1/2, 1/3 … until that is less; it is NaN until it has seen span readings: a mean of few is no average. Slots: mean, readings.
    /// </summary>
    private static double Ewma(double value, double span, Span<double> slots, bool advance)
    {
        var readings = slots[1] + 1;
        var mean = slots[0] + Math.Max(1 / readings, 2 / (span + 1)) * (value - slots[0]);
        if (advance)
        {
            slots[0] = mean;
            slots[1] = readings;
        }

        return readings < span ? double.NaN : mean;
    }

    /// <summary>
    /// How far the value is from the sensor's level, in the sensor's own standard deviations; NaN during the <see cref="WarmUp"/>, whose mean and
    /// mean absolute deviation are the first level and, for good, the scale. Afterwards the level follows the values with the weight of an EWMA,
    /// but by at most one deviation times that weight a reading (Huber's ψ with k = 1): a fault moves it slowly, however large it is.
    /// Slots: level, mean absolute deviation, readings.
    /// </summary>
    private static double Residual(double value, double span, double smallestScale, Span<double> slots, bool advance)
    {
        var (level, deviation, readings) = (slots[0], slots[1], slots[2]);
        double residual;
        if (readings < WarmUp)
        {
            residual = double.NaN;
            deviation += readings == 0 ? 0 : (Math.Abs(value - level) - deviation) / readings;
            level += (value - level) / (readings + 1);
        }
        else
        {
            var scale = Math.Max(deviation * DeviationToSigma, smallestScale);
            residual = scale > 0 ? Math.Clamp((value - level) / scale, -Largest, Largest) : Math.Sign(value - level) * Largest;
            level += Math.Max(1 / (readings + 1), 2 / (span + 1)) * Math.Clamp(residual, -1, 1) * scale;
        }

        if (advance)
        {
            slots[0] = level;
            slots[1] = deviation;
            slots[2] = readings + 1;
        }

        return residual;
    }
}
