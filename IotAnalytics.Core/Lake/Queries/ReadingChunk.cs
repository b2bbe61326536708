using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Lake.Queries;

/// <summary>The chunk that is being filled.</summary>
internal sealed class ReadingChunk(int capacity, int measurements, ReadingSensors sensors)
{
    private int[] _sensor = [];
    private long[] _eventMs = [];
    private ReadingFlags[] _flags = [];
    private double[] _score = [];
    private bool[] _isAnomaly = [];
    private long[] _offset = [];
    private int[] _item = [];

    public int Rows { get; private set; }

    public bool IsFull => Rows == capacity;

    /// <summary>One array per measurement, for the caller to fill.</summary>
    public double[][] Values { get; private set; } = new double[measurements][];

    /// <summary>Adds a row; returns its place.</summary>
    public int Add(long offset, int item, string sensorId, long eventMs, ReadingFlags flags, double score, bool isAnomaly)
    {
        if (Rows == 0)
        {
            Renew();
        }

        var row = Rows++;
        _offset[row] = offset;
        _item[row] = item;
        _sensor[row] = sensors.PlaceOf(sensorId);
        _eventMs[row] = eventMs;
        _flags[row] = flags;
        _score[row] = score;
        _isAnomaly[row] = isAnomaly;
        return row;
    }

    /// <summary>What is there; the chunk is empty then.</summary>
    public ReadingColumns Take(int sourceId, int partition)
    {
        var rows = Rows;
        Rows = 0;
        return new ReadingColumns
        {
            Rows = rows,
            Sensors = sensors.Ids,
            Sensor = Cut(_sensor, rows),
            EventMs = Cut(_eventMs, rows),
            Values = [.. Values.Select(v => Cut(v, rows))],
            Flags = Cut(_flags, rows),
            Score = Cut(_score, rows),
            IsAnomaly = Cut(_isAnomaly, rows),
            SourceId = sourceId,
            Partition = partition,
            Offset = Cut(_offset, rows),
            Item = Cut(_item, rows),
        };
    }

    private static T[] Cut<T>(T[] values, int rows) => values.Length == rows ? values : values[..rows];

    // The chunk before is the reader's.
    private void Renew()
    {
        (_sensor, _eventMs, _flags, _score) = (new int[capacity], new long[capacity], new ReadingFlags[capacity], new double[capacity]);
        (_isAnomaly, _offset, _item) = (new bool[capacity], new long[capacity], new int[capacity]);
        Values = [.. Enumerable.Range(0, measurements).Select(_ => new double[capacity])];
    }
}

/// <summary>The sensors of one read, in the order in which they were met.</summary>
internal sealed class ReadingSensors
{
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly List<string> _ids = [];

    public IReadOnlyList<string> Ids => _ids;

    public int PlaceOf(string id)
    {
        if (!_places.TryGetValue(id, out var place))
        {
            place = _ids.Count;
            _places.Add(id, place);
            _ids.Add(id);
        }

        return place;
    }
}
