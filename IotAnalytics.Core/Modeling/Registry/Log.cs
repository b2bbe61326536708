using IotAnalytics.Core.Diagnostics;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Modeling.Registry;

internal static partial class Log
{
    [LoggerMessage(EventIds.BootstrapModelTrained, LogLevel.Information, "Trained the bootstrap model {Name} version {Version} in {Milliseconds:F0} ms; threshold {Threshold:F4}.")]
    public static partial void BootstrapModelTrained(this ILogger logger, string name, string version, double milliseconds, double threshold);

    [LoggerMessage(EventIds.ModelDoesNotFitProfile, LogLevel.Warning, "The champion {Name} version {Version} does not fit its profile any more ({Reason}); a new bootstrap model takes its place.")]
    public static partial void ModelDoesNotFitProfile(this ILogger logger, string name, string version, string reason);

    [LoggerMessage(EventIds.ModelImported, LogLevel.Information, "Imported {Name} version {Version} as champion, by {By}.")]
    public static partial void ModelImported(this ILogger logger, string name, string version, string by);

    [LoggerMessage(EventIds.ModelVersionAdded, LogLevel.Information, "Registered {Name} version {Version}, by {By}.")]
    public static partial void VersionAdded(this ILogger logger, string name, string version, string by);

    [LoggerMessage(EventIds.ModelAliasChanged, LogLevel.Information, "The {Alias} of {Name} is version {Version} now (it was {Previous}), by {By}: {Reason}")]
    public static partial void AliasChanged(this ILogger logger, string alias, string name, string version, string previous, string by, string reason);

    [LoggerMessage(EventIds.ShadowDoesNotFitProfile, LogLevel.Warning, "The shadow {Name} version {Version} does not fit its profile any more ({Reason}); it is a shadow no longer.")]
    public static partial void ShadowDoesNotFitProfile(this ILogger logger, string name, string version, string reason);
}
