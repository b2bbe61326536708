using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Training;

/// <summary>The usual range of each measurement over reference rows.</summary>
internal static class ReferenceRanges
{
    /// <param name="rows">At least one, no NaN.</param>
    public static ExpectedRange[] Of(double[][] rows, int measurements)
    {
        var ranges = new ExpectedRange[measurements];
        var values = new double[rows.Length];
        for (var m = 0; m < measurements; m++)
        {
            for (var r = 0; r < rows.Length; r++)
            {
                values[r] = rows[r][m];
            }

            Array.Sort(values);
            ranges[m] = new ExpectedRange(Quantiles.Of(values, 0.01), Quantiles.Of(values, 0.99));
        }

        return ranges;
    }

    /// <param name="values">One array per measurement of the profile; NaN where missing. A measurement that is always missing has its normal band.</param>
    public static ExpectedRange[] Of(SensorProfile profile, double[][] values) =>
    [
        .. profile.Measurements.Select((measurement, m) =>
        {
            var present = values[m].Where(v => !double.IsNaN(v)).Order().ToArray();
            return present.Length == 0
                ? new ExpectedRange(measurement.NormalBand.Low, measurement.NormalBand.High)
                : new ExpectedRange(Quantiles.Of(present, 0.01), Quantiles.Of(present, 0.99));
        }),
    ];
}
