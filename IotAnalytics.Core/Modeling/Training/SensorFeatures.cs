using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;

namespace IotAnalytics.Core.Modeling.Training;

/// <summary>
/// The features of a profile's readings as the pipeline computes them, chunk after chunk of one read: every sensor of a partition has a history of its
/// own, which begins empty and which readings that came out of order do not move.
/// </summary>
internal sealed class SensorFeatures(SensorProfile profile)
{
    private readonly double[] _values = new double[profile.Measurements.Length];
    private double[] _states = [];
    private double[] _aside = [];
    private int[] _readings = [];
    private (int Source, int Partition) _of = (-1, -1);

    public FeatureSet Features { get; } = new(profile, new ProfileCatalog([profile]));

    /// <summary>The features of the chunk's rows, NaN where missing.</summary>
    /// <param name="readings">Each chunk once, in the order of the read.</param>
    public FeatureTable Compute(ReadingColumns readings) => Compute(readings, out _);

    /// <inheritdoc cref="Compute(ReadingColumns)"/>
    /// <param name="isSettled">
    /// By row, whether the sensor has had <see cref="ReadingRules.WarmUpReadings"/> earlier readings in this read. Before that, features of a history
    /// are missing, or other than the pipeline had them, which knew what was before the read. Always true where no feature has a history.
    /// </param>
    public FeatureTable Compute(ReadingColumns readings, out bool[] isSettled)
    {
        Prepare(readings);
        var slots = Features.StateSlots;
        var table = new FeatureTable(Features.Count, readings.Rows);
        isSettled = new bool[readings.Rows];
        Span<float> features = stackalloc float[Features.Count];
        for (var row = 0; row < readings.Rows; row++)
        {
            for (var m = 0; m < _values.Length; m++)
            {
                _values[m] = readings.Values[m][row];
            }

            var sensor = readings.Sensor[row];
            var state = _states.AsSpan(sensor * slots, slots);
            if ((readings.Flags[row] & ReadingFlags.OutOfOrder) != 0)
            {
                state.CopyTo(_aside);
                state = _aside;
            }

            Features.Compute(_values, state, features);
            for (var f = 0; f < features.Length; f++)
            {
                table.Columns[f][row] = features[f];
            }

            isSettled[row] = slots == 0 || _readings[sensor] >= ReadingRules.WarmUpReadings;
            _readings[sensor]++;
        }

        return table;
    }

    private void Prepare(ReadingColumns readings)
    {
        if (_of != (readings.SourceId, readings.Partition))
        {
            // Another partition, another worker: nothing is known of its sensors.
            _of = (readings.SourceId, readings.Partition);
            _states.AsSpan().Clear();
            _readings.AsSpan().Clear();
        }

        if (_readings.Length < readings.Sensors.Count)
        {
            var sensors = Math.Max(readings.Sensors.Count, _readings.Length * 2);
            Array.Resize(ref _readings, sensors);
            Array.Resize(ref _states, sensors * Features.StateSlots);
            _aside = new double[Features.StateSlots];
        }
    }
}
