using IotAnalytics.Core.Diagnostics;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Modeling.Training.Runs;

internal static partial class Log
{
    [LoggerMessage(EventIds.TrainingRunQueued, LogLevel.Information, "Training run {RunId} of {Name} is queued ({Reason}), by {By}.")]
    public static partial void RunQueued(this ILogger logger, long runId, string name, string reason, string by);

    [LoggerMessage(EventIds.TrainingRunTaken, LogLevel.Information, "Training run {RunId} of {Name} begins on this host, try {Attempt}.")]
    public static partial void RunTaken(this ILogger logger, long runId, string name, int attempt);

    [LoggerMessage(EventIds.TrainingRunSucceeded, LogLevel.Information, "Training run {RunId} made {Name} version {Version} of {Rows} readings in {Seconds:F1} s.")]
    public static partial void RunSucceeded(this ILogger logger, long runId, string name, string version, long rows, double seconds);

    [LoggerMessage(EventIds.TrainingRunFailed, LogLevel.Warning, "Training run {RunId} of {Name} has failed: {Error}")]
    public static partial void RunFailed(this ILogger logger, long runId, string name, string error, Exception? exception);

    [LoggerMessage(EventIds.TrainingRunRetried, LogLevel.Warning, "Training run {RunId} of {Name} did not get through and is tried again: {Error}")]
    public static partial void RunRetried(this ILogger logger, long runId, string name, string error);

    [LoggerMessage(EventIds.TrainingRunCancelled, LogLevel.Information, "Training run {RunId} of {Name} was cancelled.")]
    public static partial void RunCancelled(this ILogger logger, long runId, string name);

    [LoggerMessage(EventIds.TrainingRunLost, LogLevel.Warning, "Training run {RunId} of {Name} is no longer this host's: its lease was not renewed in time.")]
    public static partial void RunLost(this ILogger logger, long runId, string name);

    [LoggerMessage(EventIds.TrainingRunNotQueued, LogLevel.Information, "The scheduled training of {Name} is left out: {Reason}")]
    public static partial void RunNotQueued(this ILogger logger, string name, string reason);

    [LoggerMessage(EventIds.TrainingMemoryLost, LogLevel.Warning, "What models of {Name} remember of the sensors ({Hash}) cannot be read; faults are measured from this window on: {Error}")]
    public static partial void MemoryLost(this ILogger logger, string name, string hash, string error);

    [LoggerMessage(EventIds.TrainingQueueUnavailable, LogLevel.Warning, "The queue of training runs cannot be read or written now: {Error}")]
    public static partial void QueueUnavailable(this ILogger logger, string error);
}
