using System.Collections.Frozen;

namespace IotAnalytics.Core.Modeling.Training;

/// <summary>Which reading it is.</summary>
internal readonly record struct ReadingIdentity(int SourceId, int Partition, long RecordOffset, int Item)
{
    /// <summary>As anomalies are named.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{SourceId}-{Partition}-{RecordOffset}-{Item}");
}

/// <summary>A period that no model learns from.</summary>
/// <param name="SensorId">Null: all sensors of the profile.</param>
/// <param name="FromMs">Event time, inclusive.</param>
/// <param name="ToMs">Event time, exclusive.</param>
internal sealed record ExcludedPeriod(string? SensorId, long FromMs, long ToMs);

/// <summary>What people have said that a model must not learn from.</summary>
/// <param name="Confirmed">Anomalies with the verdict <c>confirmed</c>.</param>
/// <param name="Dismissed">Those with the verdict <c>dismissed</c>: they are no sign of a fault.</param>
internal sealed record TrainingExclusions(
    IReadOnlyList<ExcludedPeriod> Periods, FrozenSet<ReadingIdentity> Confirmed, FrozenSet<ReadingIdentity> Dismissed)
{
    public static TrainingExclusions None { get; } = new([], FrozenSet<ReadingIdentity>.Empty, FrozenSet<ReadingIdentity>.Empty);

    public bool IsConfirmed(ReadingColumns readings, int row) => Confirmed.Count > 0 && Confirmed.Contains(Identity(readings, row));

    public bool IsDismissed(ReadingColumns readings, int row) => Dismissed.Count > 0 && Dismissed.Contains(Identity(readings, row));

    public bool IsInPeriod(ReadingColumns readings, int row)
    {
        foreach (var period in Periods)
        {
            if (readings.EventMs[row] >= period.FromMs && readings.EventMs[row] < period.ToMs
                && (period.SensorId is null || period.SensorId == readings.Sensors[readings.Sensor[row]]))
            {
                return true;
            }
        }

        return false;
    }

    private static ReadingIdentity Identity(ReadingColumns readings, int row) =>
        new(readings.SourceId, readings.Partition, readings.Offset[row], readings.Item[row]);
}
