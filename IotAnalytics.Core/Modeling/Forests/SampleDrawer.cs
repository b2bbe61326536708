namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>
/// Draws rows without replacement: the first steps of a Fisher-Yates shuffle of all rows, of which only the places that were touched are
/// kept. Its memory depends on the sample, not on the rows. Reused from tree to tree.
/// </summary>
internal sealed class SampleDrawer
{
    /// <summary>Fibonacci hashing: 2³² over the golden ratio.</summary>
    private const uint Golden = 2_654_435_769;

    private readonly int _rows;
    private readonly int _shift;

    /// <summary>What lies at the places of the sample itself.</summary>
    private readonly int[] _front;

    /// <summary>What lies at places beyond the sample that were swapped: open addressing, at most a quarter full.</summary>
    private readonly Entry[] _swapped;

    private int _round;

    public SampleDrawer(int rows, int sampleSize)
    {
        _rows = rows;
        _front = new int[sampleSize];
        var bits = 32 - int.LeadingZeroCount(4 * sampleSize - 1);
        _shift = 32 - bits;
        _swapped = new Entry[1 << bits];
    }

    /// <summary>The next sample; valid until the next call.</summary>
    public ReadOnlySpan<int> Draw(ref Xoshiro256 random)
    {
        _round++;
        var front = _front;
        for (var i = 0; i < front.Length; i++)
        {
            front[i] = i;
        }

        for (var i = 0; i < front.Length; i++)
        {
            var j = i + random.NextBelow(_rows - i);
            if (j < front.Length)
            {
                (front[i], front[j]) = (front[j], front[i]);
            }
            else
            {
                front[i] = Swap(j, front[i]);
            }
        }

        return front;
    }

    /// <summary>Puts a row at a place beyond the sample and returns the one that was there.</summary>
    private int Swap(int place, int row)
    {
        var swapped = _swapped;
        for (var slot = (uint)place * Golden >> _shift; ; slot = (slot + 1) & (uint)(swapped.Length - 1))
        {
            ref var entry = ref swapped[slot];
            if (entry.Round != _round)
            {
                entry = new Entry(_round, place, row);
                return place;
            }

            if (entry.Place == place)
            {
                var was = entry.Row;
                entry = entry with { Row = row };
                return was;
            }
        }
    }

    /// <param name="Round">The sample it belongs to: older entries are empty ones.</param>
    private readonly record struct Entry(int Round, int Place, int Row);
}
