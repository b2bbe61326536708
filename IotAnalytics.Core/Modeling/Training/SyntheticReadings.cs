using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Modeling.Training;

/// <summary>
/// Readings of a profile, uniform within the bands of its measurements: all in their Normal band, or all in their Anomalous one. A seed
/// gives the same sequence for ever. One row at a time, nothing is allocated.
/// </summary>
/// <param name="stream">Tells sequences of one seed apart.</param>
internal sealed class SyntheticReadings(SensorProfile profile, long seed, long stream)
{
    private readonly (ValueBand Normal, ValueBand Anomalous)[] _bands = [.. profile.Measurements.Select(m => (m.NormalBand, m.AnomalousBand))];
    private Xoshiro256 _random = new(seed, stream);

    /// <summary>Fills one value per measurement, in the profile's order; returns whether the row is anomalous.</summary>
    /// <param name="anomalyRate">Chance of an anomalous row, 0..1.</param>
    public bool Next(double anomalyRate, Span<double> measurements)
    {
        var isAnomaly = _random.NextUniform() < anomalyRate;
        for (var i = 0; i < _bands.Length; i++)
        {
            var band = isAnomaly ? _bands[i].Anomalous : _bands[i].Normal;
            measurements[i] = band.Low + (band.High - band.Low) * _random.NextUniform();
        }

        return isAnomaly;
    }
}
