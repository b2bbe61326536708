using IotAnalytics.Core.Diagnostics;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Modeling.Drift;

internal static partial class Log
{
    [LoggerMessage(EventIds.Drifted, LogLevel.Warning, "The readings of {Name} have drifted from what version {Version} was trained on: {What}; {Then}.")]
    public static partial void Drifted(this ILogger logger, string name, string version, string what, string then);

    [LoggerMessage(EventIds.DriftNotMeasured, LogLevel.Warning, "Drift of {Name} could not be measured; it is tried again in five minutes.")]
    public static partial void DriftNotMeasured(this ILogger logger, string name, Exception exception);

    [LoggerMessage(EventIds.ScoreNotCharted, LogLevel.Information, "Fast shifts of {Name} version {Version} are not watched for: its training window has fewer than {Rows} rows.")]
    public static partial void NotCharted(this ILogger logger, string name, string version, int rows);
}
