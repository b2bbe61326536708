using IotAnalytics.Core.Diagnostics;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Lake;

internal static partial class Log
{
    [LoggerMessage(EventIds.LakePublished, LogLevel.Debug, "Published version {Version} of {Table}.")]
    public static partial void Published(ILogger logger, string table, long version);

    [LoggerMessage(EventIds.LakePublishFailed, LogLevel.Warning, "Publishing failed and will be tried again: {Reason}")]
    public static partial void PublishFailed(ILogger logger, string reason);

    [LoggerMessage(EventIds.LakePublishingStopped, LogLevel.Error, "{Table} is published no more: {Key} exists and is not what this database committed. Somebody else writes to the table.")]
    public static partial void PublishingStopped(ILogger logger, string table, string key);

    [LoggerMessage(EventIds.LakeCheckpointed, LogLevel.Debug, "Checkpoint of {Table} at version {Version} with {Actions} actions.")]
    public static partial void Checkpointed(ILogger logger, string table, long version, int actions);
}
