using IotAnalytics.Core.Diagnostics;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.CommitLog;

internal static partial class Log
{
    [LoggerMessage(EventIds.LogOpened, LogLevel.Information, "Commit log {Path} opened: {Partitions} partitions, {Bytes} bytes, SQLite {Version}.")]
    public static partial void Opened(ILogger logger, string path, int partitions, long bytes, string version);

    [LoggerMessage(EventIds.LogClosed, LogLevel.Information, "Commit log {Path} closed.")]
    public static partial void Closed(ILogger logger, string path);

    [LoggerMessage(EventIds.AppendsFailing, LogLevel.Warning, "Appends to the commit log fail, and are refused until there is room again: {Error}")]
    public static partial void AppendsFailing(ILogger logger, string error);

    [LoggerMessage(EventIds.AppendsResumed, LogLevel.Information, "Appends to the commit log work again after {Refused} refused ones.")]
    public static partial void AppendsResumed(ILogger logger, long refused);

    [LoggerMessage(EventIds.LogMaintenanceFailed, LogLevel.Warning, "{Work} of the commit log failed and is tried again: {Error}")]
    public static partial void MaintenanceFailed(ILogger logger, string work, string error);

    [LoggerMessage(EventIds.LogWriterStopped, LogLevel.Critical, "The commit log's writer stopped; appends are refused until the host is started again.")]
    public static partial void WriterStopped(ILogger logger, Exception exception);
}
