using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Metrics;

/// <summary>One sensor's minute within a <see cref="RollupWindow"/>.</summary>
/// <param name="Minute">Minutes of event time since the Unix epoch.</param>
/// <param name="FirstValue">Where its values begin.</param>
internal record struct RollupCell(int Sensor, int Profile, long Minute, int FirstValue)
{
    public long AnomalyCount { get; private set; }

    /// <summary>NaN when nothing was scored.</summary>
    public double ScoreMax { get; set; }

    public void Add(RowOutcome outcome, double score)
    {
        if (outcome == RowOutcome.Anomaly)
        {
            AnomalyCount++;
        }

        if (score > ScoreMax || double.IsNaN(ScoreMax))
        {
            ScoreMax = score;
        }
    }
}

/// <summary>Additive figures of one measurement in a cell.</summary>
internal struct RollupValues
{
    public long Count { get; private set; }
    public double Min { get; private set; }
    public double Max { get; private set; }
    public double Sum { get; private set; }
    public double SumSquares { get; private set; }

    public void Add(double value)
    {
        Min = Count == 0 || value < Min ? value : Min;
        Max = Count == 0 || value > Max ? value : Max;
        Count++;
        Sum += value;
        SumSquares += value * value;
    }
}

/// <summary>A sensor's newest reading by event time within a window.</summary>
internal record struct NewestReading(int Sensor, int Profile, int FirstValue)
{
    public long EventMs { get; set; }
    public long RecordMs { get; set; }
    public double Score { get; set; }
    public ReadingFlags Flags { get; set; }
}
