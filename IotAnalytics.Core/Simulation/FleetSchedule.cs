namespace IotAnalytics.Core.Simulation;

/// <summary>How fast a fleet sends and for how long.</summary>
/// <param name="ReadingsPerSecond">Of the whole fleet; 0: as fast as they are taken, with event times at the profile's interval, ending now.</param>
/// <param name="Batch">Readings per body, 1 to 5,000.</param>
/// <param name="Count">Readings due in all; null: without end. Required with rate 0.</param>
internal sealed record FleetSchedule(double ReadingsPerSecond, int Batch, long? Count)
{
    /// <summary>Above this rate, and at rate 0, the fleet is divided among several senders.</summary>
    private const double OneSenderUpTo = 2_000;
    private const int MostLanes = 4;

    /// <summary>Senders, each with its own sensors and one body under way: so the order of each sensor's readings holds.</summary>
    public int Lanes(int sensors) => ReadingsPerSecond is 0 or > OneSenderUpTo ? Math.Min(MostLanes, sensors) : 1;

    /// <summary>A tenth of a second's readings, so that what happens is seen soon; 1,000 at rate 0.</summary>
    public static int DefaultBatch(double readingsPerSecond) =>
        readingsPerSecond == 0 ? 1_000 : (int)Math.Clamp(readingsPerSecond / 10, 1, 1_000);
}
