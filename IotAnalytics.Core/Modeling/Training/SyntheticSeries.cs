using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Modeling.Training;

/// <summary>
/// Two healthy days of a made-up sensor, for detectors that look at the course of readings: middle of the Normal band + a daily cycle of a
/// quarter of its width + noise with a correlation time of ten minutes. A guess at how slow real readings are; independent ones would make a chart
/// alarm at every sunrise. It begins at the peak, from where the cycle goes farthest.
/// </summary>
internal static class SyntheticSeries
{
    private const int MaxReadings = 20_000;
    private const double Days = 2;
    private const double CycleShare = 0.25;
    private const double NoiseShare = 0.045;
    private static readonly TimeSpan CorrelationTime = TimeSpan.FromMinutes(10);

    /// <summary>Rows of measurements in the profile's order, one each expected interval; of a fast sensor fewer than two days, but whole cycles.</summary>
    public static double[][] Of(SensorProfile profile, long seed, long stream)
    {
        var readings = (int)Math.Clamp(Days * TimeSpan.TicksPerDay / profile.ExpectedInterval.Ticks, 1_000, MaxReadings);
        var memory = Math.Exp(-Days * TimeSpan.TicksPerDay / readings / CorrelationTime.Ticks);
        var random = new Xoshiro256(seed, stream);
        var noise = new double[profile.Measurements.Length];
        var rows = new double[readings][];
        for (var r = 0; r < readings; r++)
        {
            rows[r] = new double[noise.Length];
            var cycle = CycleShare * Math.Cos(2 * Math.PI * Days * r / readings);
            for (var m = 0; m < noise.Length; m++)
            {
                // The sum of twelve uniform numbers is nearly normal, with the same bits everywhere.
                double normal = -6;
                for (var i = 0; i < 12; i++)
                {
                    normal += random.NextUniform();
                }

                noise[m] = memory * noise[m] + Math.Sqrt(1 - memory * memory) * NoiseShare * normal;
                var (low, high) = profile.Measurements[m].NormalBand;
                rows[r][m] = (low + high) / 2 + (high - low) * ((m % 2 == 0 ? cycle : -cycle) + noise[m]);
            }
        }

        return rows;
    }
}
