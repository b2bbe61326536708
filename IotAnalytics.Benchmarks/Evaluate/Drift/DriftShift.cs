using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Training;

namespace IotAnalytics.Benchmarks.Evaluate.Drift;

/// <summary>A change of the temperature of all sensors, in robust standard deviations of each sensor over the training rows.</summary>
/// <param name="Change">The new value: of the old one, the sensor's median and deviation, and a random number in 0..1.</param>
internal sealed record DriftShift(string Name, Func<double, double, double, double, double> Change)
{
    public static IReadOnlyList<DriftShift> All { get; } =
    [
        new("mean + 1 sigma", (v, _, sigma, _) => v + sigma),
        new("mean + 2 sigma", (v, _, sigma, _) => v + 2 * sigma),
        new("mean + 4 sigma", (v, _, sigma, _) => v + 4 * sigma),
        new("variance x 4", (v, median, _, _) => median + 2 * (v - median)),
        new("variance x 16", (v, median, _, _) => median + 4 * (v - median)),
        // The same mean and variance, all of it at two points.
        new("shape: two values", (_, median, sigma, u) => median + (u < 0.5 ? -sigma : sigma)),
    ];

    /// <summary>The feed with the change.</summary>
    public DriftFeed Apply(DriftFeed feed, (double Median, double Sigma)[] sensors)
    {
        var random = new Xoshiro256(1, 9);
        return feed with
        {
            Temperature = [.. feed.Temperature.Select((v, r) => Change(v, sensors[feed.Sensor[r]].Median, sensors[feed.Sensor[r]].Sigma, random.NextUniform()))],
        };
    }

    /// <summary>Median and 1.4826 × median absolute deviation by sensor.</summary>
    public static (double Median, double Sigma)[] Scales(DriftFeed training, int sensors) =>
    [
        .. Enumerable.Range(0, sensors).Select(s =>
        {
            double[] own = [.. training.Temperature.Where((_, r) => training.Sensor[r] == s).Order()];
            var median = own.Length == 0 ? 0 : Quantiles.Of(own, 0.5);
            return own.Length == 0 ? (0, 0) : (median, 1.4826 * Quantiles.Of([.. own.Select(v => Math.Abs(v - median)).Order()], 0.5));
        }),
    ];
}
