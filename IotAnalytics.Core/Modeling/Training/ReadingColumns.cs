using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Modeling.Training;

/// <summary>Scored readings of one profile as columns, all <see cref="Rows"/> long; of one partition in the order of its stream.</summary>
internal sealed class ReadingColumns
{
    public required int Rows { get; init; }

    /// <summary>All sensors met so far; grows from chunk to chunk of one read, places never change.</summary>
    public required IReadOnlyList<string> Sensors { get; init; }

    /// <summary>Place in <see cref="Sensors"/>.</summary>
    public required int[] Sensor { get; init; }

    /// <summary>Event time, Unix ms.</summary>
    public required long[] EventMs { get; init; }

    /// <summary>One array per measurement in the profile's order; NaN where missing.</summary>
    public required double[][] Values { get; init; }

    public required ReadingFlags[] Flags { get; init; }

    /// <summary>As given when the reading came in; NaN when it was not scored.</summary>
    public required double[] Score { get; init; }

    /// <summary>Whether the reading is in gold.</summary>
    public required bool[] IsAnomaly { get; init; }

    public required int SourceId { get; init; }
    public required int Partition { get; init; }

    /// <summary>Offset of the reading's record in the log.</summary>
    public required long[] Offset { get; init; }

    /// <summary>Place of the reading within its record.</summary>
    public required int[] Item { get; init; }

    /// <summary>The rows of some sensors, in the same order.</summary>
    public ReadingColumns Of(IReadOnlySet<string> sensors)
    {
        int[] rows = [.. Enumerable.Range(0, Rows).Where(r => sensors.Contains(Sensors[Sensor[r]]))];
        T[] Of<T>(T[] column) => [.. rows.Select(r => column[r])];
        return new ReadingColumns
        {
            Rows = rows.Length,
            Sensors = Sensors,
            Sensor = Of(Sensor),
            EventMs = Of(EventMs),
            Values = [.. Values.Select(Of)],
            Flags = Of(Flags),
            Score = Of(Score),
            IsAnomaly = Of(IsAnomaly),
            SourceId = SourceId,
            Partition = Partition,
            Offset = Of(Offset),
            Item = Of(Item),
        };
    }
}
