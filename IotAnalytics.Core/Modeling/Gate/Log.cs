using IotAnalytics.Core.Diagnostics;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Modeling.Gate;

internal static partial class Log
{
    [LoggerMessage(EventIds.CandidateJudged, LogLevel.Information, "The gate says of {Name} version {Version} against {Champion}: {Verdict} ({Findings}); in {Seconds:F1} s.")]
    public static partial void CandidateJudged(this ILogger logger, string name, string version, string champion, string verdict, string findings, double seconds);

    [LoggerMessage(EventIds.CandidateNotJudged, LogLevel.Warning, "{Name} version {Version} could not be judged, try {Try} of {Tries}.")]
    public static partial void NotJudged(this ILogger logger, string name, string version, int @try, int tries, Exception exception);

    [LoggerMessage(EventIds.GateQueueUnavailable, LogLevel.Warning, "Whether versions wait for the gate cannot be read now: {Error}")]
    public static partial void GateQueueUnavailable(this ILogger logger, string error);

    [LoggerMessage(EventIds.ChampionChangedMeanwhile, LogLevel.Warning, "{Name} version {Version} passed the gate and is not promoted: {Champion} is not the champion any more.")]
    public static partial void ChampionChangedMeanwhile(this ILogger logger, string name, string version, string champion);
}
