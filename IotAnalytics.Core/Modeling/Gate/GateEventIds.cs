namespace IotAnalytics.Core.Diagnostics;

public static partial class EventIds
{
    public const int CandidateJudged = 4200;
    public const int CandidateNotJudged = 4201;
    public const int GateQueueUnavailable = 4202;
    public const int ChampionChangedMeanwhile = 4203;
}
