namespace IotAnalytics.Core.Lake.Queries;

/// <summary>The first readings of many, holding little more than those.</summary>
internal sealed class SmallestReadings(int count)
{
    private readonly List<SensorReading> _readings = [];
    private ReadingKey? _bound;

    /// <summary>True when a reading with this key cannot be among them any more.</summary>
    public bool IsBeyond(ReadingKey key) => _bound is { } bound && key.CompareTo(bound) > 0;

    public void Add(SensorReading reading)
    {
        _readings.Add(reading);
        if (_readings.Count >= Math.Max(256, count * 4))
        {
            Trim();
        }
    }

    public IReadOnlyList<SensorReading> InOrder()
    {
        Trim();
        return _readings;
    }

    private void Trim()
    {
        _readings.Sort((a, b) => ReadingKey.Of(a).CompareTo(ReadingKey.Of(b)));
        if (_readings.Count >= count)
        {
            _readings.RemoveRange(count, _readings.Count - count);
            _bound = ReadingKey.Of(_readings[^1]);
        }
    }
}
