namespace IotAnalytics.Core.Readings.Features;

/// <summary>Where the stateful functions find what they remember of the sensor of a row.</summary>
internal readonly ref struct FeatureStates
{
    private readonly MicroBatch? _batch;
    private readonly SensorTable? _sensors;

    /// <param name="batch">Its rows know their sensors.</param>
    /// <param name="sensors">Null: nothing is remembered, stateful functions are missing.</param>
    public FeatureStates(MicroBatch batch, SensorTable? sensors)
    {
        _batch = batch;
        _sensors = sensors;
    }

    /// <summary>The slots of a row's sensor; empty when nothing is remembered.</summary>
    /// <param name="advance">Whether the row is the newest of its sensor: an older one is judged by what is known now and changes nothing.</param>
    public Span<double> Of(int row, out bool advance)
    {
        if (_sensors is null)
        {
            advance = false;
            return [];
        }

        advance = (_batch!.Flags[row] & ReadingFlags.OutOfOrder) == 0;
        return _sensors.FeatureStateOf(_batch.Sensor[row]);
    }
}
