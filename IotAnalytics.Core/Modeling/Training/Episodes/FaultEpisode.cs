namespace IotAnalytics.Core.Modeling.Training.Episodes;

/// <summary>A time in which one sensor is not like itself while the others are.</summary>
/// <param name="Sensor">Its place in the read.</param>
/// <param name="ToMs">Exclusive.</param>
internal sealed record FaultEpisode(int Sensor, long FromMs, long ToMs);

/// <summary>What was found in a window.</summary>
/// <param name="Episodes">By sensor and time; none that people have dismissed.</param>
/// <param name="Memory">What the next training is to remember.</param>
/// <param name="Rows">Readings that would have been learned from.</param>
internal sealed record FoundEpisodes(IReadOnlyList<FaultEpisode> Episodes, LevelMemory Memory, long Rows)
{
    private readonly ILookup<int, FaultEpisode> _bySensor = Episodes.ToLookup(e => e.Sensor);

    public bool Covers(int sensor, long eventMs)
    {
        foreach (var episode in _bySensor[sensor])
        {
            if (eventMs >= episode.FromMs && eventMs < episode.ToMs)
            {
                return true;
            }
        }

        return false;
    }
}
