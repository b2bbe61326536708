using System.Numerics;

namespace IotAnalytics.Core.Modeling.Training;

/// <summary>
/// An even random sample of the rows of each of many groups, in bounded memory: of each group the rows with the smallest random priorities (bottom-k
/// sampling; Cohen, Kaplan 2007). As groups come, the places are divided again; what is kept is the same as if the number of groups had been known
/// from the begin, and does not depend on how the groups' rows lie between one another.
/// </summary>
internal sealed class RowSample(int capacity, int features, int measurements)
{
    private const int FirstAllocation = 1_024;

    /// <summary>The slots of each group, the largest priority first; null: the group got no place.</summary>
    private readonly List<PriorityQueue<int, ulong>?> _groups = [];
    private readonly List<ulong> _ranks = [];
    private readonly Stack<int> _free = [];
    private readonly float[][] _features = [.. Enumerable.Range(0, features).Select(_ => new float[FirstAllocation])];
    private readonly double[][] _values = [.. Enumerable.Range(0, measurements).Select(_ => new double[FirstAllocation])];
    private int[] _sensor = new int[FirstAllocation];
    private long[] _eventMs = new long[FirstAllocation];
    private long[] _sequence = new long[FirstAllocation];
    private int _used;
    private int _admitted;
    private ulong _rankLimit = ulong.MaxValue;

    /// <summary>Rows of a group that are kept at most.</summary>
    private int Share => capacity / Math.Max(1, _admitted);

    /// <summary>Adds the next group; groups count from 0.</summary>
    /// <param name="rank">With more groups than places, those of the smallest ranks have one: it must not depend on the order of the groups.</param>
    public void AddGroup(ulong rank)
    {
        while (rank < _rankLimit && _admitted == capacity)
        {
            _rankLimit /= 2;
            for (var g = 0; g < _groups.Count; g++)
            {
                if (_ranks[g] >= _rankLimit && _groups[g] is { } group)
                {
                    Release(group, keep: 0);
                    _groups[g] = null;
                    _admitted--;
                }
            }
        }

        var isAdmitted = rank < _rankLimit;
        _admitted += isAdmitted ? 1 : 0;
        _groups.Add(isAdmitted ? new PriorityQueue<int, ulong>() : null);
        _ranks.Add(rank);
    }

    /// <param name="priority">Random.</param>
    /// <param name="sequence">Place of the row in the read.</param>
    public void Offer(int group, ulong priority, ReadingColumns readings, FeatureTable table, int row, long sequence)
    {
        if (_groups[group] is not { } places)
        {
            return;
        }

        int slot;
        if (places.Count < Share)
        {
            slot = TakeSlot();
        }
        else if (places.TryPeek(out slot, out var inverted) && priority < ~inverted)
        {
            places.Dequeue();
        }
        else
        {
            return;
        }

        places.Enqueue(slot, ~priority);
        for (var f = 0; f < _features.Length; f++)
        {
            _features[f][slot] = table.Columns[f][row];
        }

        for (var m = 0; m < _values.Length; m++)
        {
            _values[m][slot] = readings.Values[m][row];
        }

        (_sensor[slot], _eventMs[slot], _sequence[slot]) = (readings.Sensor[row], readings.EventMs[row], sequence);
    }

    /// <summary>The sample, by sensor id and then in the order of the read.</summary>
    /// <param name="keep">By sensor and event time, whether a row stays.</param>
    public SampledRows Take(IReadOnlyList<string> sensors, Func<int, long, bool> keep)
    {
        Shrink();
        int[] slots =
        [
            .. _groups.Where(g => g is not null).SelectMany(g => g!.UnorderedItems).Select(i => i.Element).Where(s => keep(_sensor[s], _eventMs[s]))
                .OrderBy(s => sensors[_sensor[s]], StringComparer.Ordinal).ThenBy(s => _sequence[s]),
        ];
        var table = new FeatureTable(_features.Length, slots.Length);
        for (var f = 0; f < _features.Length; f++)
        {
            Gather(_features[f], slots, table.Columns[f]);
        }

        var values = new double[_values.Length][];
        for (var m = 0; m < values.Length; m++)
        {
            Gather(_values[m], slots, values[m] = new double[slots.Length]);
        }

        return new SampledRows(table, values);
    }

    private static void Gather<T>(T[] from, int[] slots, T[] into)
    {
        for (var i = 0; i < slots.Length; i++)
        {
            into[i] = from[slots[i]];
        }
    }

    private int TakeSlot()
    {
        if (_free.Count == 0 && _used == capacity)
        {
            // Groups that came later have made the shares smaller.
            Shrink();
        }

        if (_free.TryPop(out var slot))
        {
            return slot;
        }

        if (_used == _sensor.Length)
        {
            var length = (int)Math.Min(capacity, BitOperations.RoundUpToPowerOf2((uint)_used + 1));
            foreach (ref var column in _features.AsSpan())
            {
                Array.Resize(ref column, length);
            }

            foreach (ref var column in _values.AsSpan())
            {
                Array.Resize(ref column, length);
            }

            Array.Resize(ref _sensor, length);
            Array.Resize(ref _eventMs, length);
            Array.Resize(ref _sequence, length);
        }

        return _used++;
    }

    private void Shrink()
    {
        foreach (var group in _groups)
        {
            if (group is not null)
            {
                Release(group, Share);
            }
        }
    }

    private void Release(PriorityQueue<int, ulong> group, int keep)
    {
        while (group.Count > keep)
        {
            _free.Push(group.Dequeue());
        }
    }
}

/// <summary>Rows of a sample.</summary>
/// <param name="Features">Not imputed.</param>
/// <param name="Values">One array per measurement; NaN where missing. Empty when they were not kept.</param>
internal sealed record SampledRows(FeatureTable Features, double[][] Values);
