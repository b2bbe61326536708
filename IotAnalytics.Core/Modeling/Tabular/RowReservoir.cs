using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Training;

namespace IotAnalytics.Core.Modeling.Tabular;

/// <summary>An even random sample of a stream of rows (Vitter's algorithm R), with labels. Memory is bounded by the capacity.</summary>
internal sealed class RowReservoir
{
    /// <summary>Rows kept of a narrow table.</summary>
    public const int DefaultCapacity = 100_000;

    private const int FirstAllocation = 1_024;
    private const int FewestRows = 10_000;
    private const int MaxValues = 16 << 20;

    private readonly int _capacity;
    private readonly float[][] _columns;
    private bool[] _labels = new bool[FirstAllocation];
    private Xoshiro256 _random;

    /// <param name="columns">A wide table keeps fewer rows: 64 MB of values, but at least 10,000 rows.</param>
    public RowReservoir(int columns, long seed, long stream)
    {
        _capacity = Math.Clamp(MaxValues / columns, FewestRows, DefaultCapacity);
        _columns = new float[columns][];
        for (var c = 0; c < columns; c++)
        {
            _columns[c] = new float[FirstAllocation];
        }

        _random = new Xoshiro256(seed, stream);
    }

    /// <summary>Rows offered.</summary>
    public long Seen { get; private set; }

    /// <summary>Rows kept.</summary>
    public int Count { get; private set; }

    public void Add(ReadOnlySpan<float> row, bool isAnomaly)
    {
        Seen++;
        long place = Count;
        if (Count < _capacity)
        {
            Count++;
            Grow();
        }
        else
        {
            place = (long)(_random.NextUniform() * Seen);
        }

        if (place < _capacity)
        {
            for (var c = 0; c < row.Length; c++)
            {
                _columns[c][place] = row[c];
            }

            _labels[place] = isAnomaly;
        }
    }

    /// <summary>Some of the rows kept, as a table.</summary>
    public FeatureTable Take(ReadOnlySpan<int> rows)
    {
        var table = new FeatureTable(_columns.Length, rows.Length);
        for (var c = 0; c < _columns.Length; c++)
        {
            for (var r = 0; r < rows.Length; r++)
            {
                table.Columns[c][r] = _columns[c][rows[r]];
            }
        }

        return table;
    }

    public bool[] TakeLabels(ReadOnlySpan<int> rows)
    {
        var labels = new bool[rows.Length];
        for (var r = 0; r < rows.Length; r++)
        {
            labels[r] = _labels[rows[r]];
        }

        return labels;
    }

    private void Grow()
    {
        if (Count <= _labels.Length)
        {
            return;
        }

        var length = Math.Min(_capacity, _labels.Length * 2);
        Array.Resize(ref _labels, length);
        for (var c = 0; c < _columns.Length; c++)
        {
            Array.Resize(ref _columns[c], length);
        }
    }
}
