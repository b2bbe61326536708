namespace IotAnalytics.Core.Diagnostics;

public static partial class EventIds
{
    public const int Drifted = 4210;
    public const int DriftNotMeasured = 4211;
    public const int ScoreNotCharted = 4212;
}
