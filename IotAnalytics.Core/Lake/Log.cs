using IotAnalytics.Core.Diagnostics;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Lake;

internal static partial class Log
{
    [LoggerMessage(EventIds.LakePublished, LogLevel.Debug, "Published version {Version} of {Table}.")]
    public static partial void Published(ILogger logger, string table, long version);

    [LoggerMessage(EventIds.LakePublishFailed, LogLevel.Warning, "Publishing failed and will be tried again: {Reason}")]
    public static partial void PublishFailed(ILogger logger, string reason);

    [LoggerMessage(EventIds.LakePublishingStopped, LogLevel.Error, "{Table} is published no more: {Key} {Reason}.")]
    public static partial void PublishingStopped(ILogger logger, string table, string key, string reason);

    [LoggerMessage(EventIds.LakeCheckpointed, LogLevel.Debug, "Checkpoint of {Table} at version {Version} with {Actions} actions.")]
    public static partial void Checkpointed(ILogger logger, string table, long version, int actions);

    [LoggerMessage(EventIds.LakeCompacted, LogLevel.Information, "Compacted {Table} of {Date}: {Before} files became {After}.")]
    public static partial void Compacted(ILogger logger, string table, string date, int before, int after);

    [LoggerMessage(EventIds.LakeRewriteAbandoned, LogLevel.Warning, "Rewriting {Table} of {Date} was abandoned, nothing has changed: {Reason}")]
    public static partial void RewriteAbandoned(ILogger logger, string table, string date, string reason);

    [LoggerMessage(EventIds.LakeVacuumed, LogLevel.Information, "Vacuum: {Expired} bronze files expired, {Deleted} removed files, {Orphans} orphans and {LogObjects} log objects deleted.")]
    public static partial void Vacuumed(ILogger logger, int expired, int deleted, int orphans, int logObjects);

    [LoggerMessage(EventIds.LakeOrphanDeleted, LogLevel.Information, "Deleting {Key}, which no row names.")]
    public static partial void OrphanDeleted(ILogger logger, string key);

    [LoggerMessage(EventIds.LakeStoreRetried, LogLevel.Debug, "{Operation} {Key} failed at try {Attempt} and is repeated: {Reason}")]
    public static partial void StoreRetried(ILogger logger, string operation, string key, string reason, int attempt);

    [LoggerMessage(EventIds.LakeStoreProbed, LogLevel.Information, "The lake is S3{Place}: {Places}.")]
    public static partial void StoreProbed(ILogger logger, string place, string places);

    [LoggerMessage(EventIds.LakeBucketCreated, LogLevel.Information, "Made bucket {Bucket}{Place}.")]
    public static partial void BucketCreated(ILogger logger, string bucket, string place);
}
