namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// Narrows a failing micro-batch down to the record: the range is run again record by record, and the one that fails alone is poison.
/// Survives the re-claims of a worker; what was found before a restart of the host is read from the dead letters.
/// </summary>
internal sealed class PoisonHunt
{
    private readonly HashSet<long> _poison = [];
    private long _singleFrom = long.MaxValue;
    private long _singleBelow = long.MinValue;

    /// <summary>Takes note of a failed batch. True when it was a single record, which is poison from now on.</summary>
    public bool Narrow(long first, long next)
    {
        if (next == first + 1)
        {
            return _poison.Add(first);
        }

        _singleFrom = Math.Min(_singleFrom, first);
        _singleBelow = Math.Max(_singleBelow, next);
        return false;
    }

    public void Add(IEnumerable<long> known) => _poison.UnionWith(known);

    public bool IsPoison(long offset) => _poison.Contains(offset);

    /// <summary>The offset before which a batch that begins at <paramref name="offset"/> has to end.</summary>
    public long StopBefore(long offset)
    {
        if (offset >= _singleFrom && offset < _singleBelow)
        {
            return offset + 1;
        }

        var stop = offset < _singleFrom ? _singleFrom : long.MaxValue;
        foreach (var poison in _poison)
        {
            if (poison > offset && poison < stop)
            {
                stop = poison;
            }
        }

        return stop;
    }
}

/// <summary>A micro-batch made the pipeline itself fail.</summary>
internal sealed class PoisonException(long firstOffset, long nextOffset, Exception inner)
    : Exception($"The records [{firstOffset}, {nextOffset}) make the pipeline fail.", inner)
{
    public long FirstOffset { get; } = firstOffset;
    public long NextOffset { get; } = nextOffset;
}
