namespace IotAnalytics.Core.Readings;

/// <summary>Measurements that a sensor sends but its profile does not have are extra fields: they are cleared, column by column.</summary>
internal sealed class ForeignMeasurements(ProfileCatalog catalog)
{
    // By column, then by profile: whether the profile has the measurement.
    private readonly bool[][] _belongs =
    [
        .. Enumerable.Range(0, catalog.Measurements.Length).Select(c => catalog.ProfileColumns.Select(columns => columns.Contains(c)).ToArray()),
    ];

    public void Clear(MicroBatch batch, SensorTable sensors)
    {
        for (var column = 0; column < _belongs.Length; column++)
        {
            if (batch.Measurement(column) is { } values && _belongs[column].Contains(false))
            {
                Clear(values, _belongs[column], batch.Sensor.AsSpan(0, batch.RowCount), sensors);
            }
        }
    }

    private static void Clear(double[] values, bool[] belongs, ReadOnlySpan<int> rowSensors, SensorTable sensors)
    {
        for (var row = 0; row < rowSensors.Length; row++)
        {
            if (rowSensors[row] >= 0 && !belongs[sensors.StateOf(rowSensors[row]).Profile])
            {
                values[row] = double.NaN;
            }
        }
    }
}
