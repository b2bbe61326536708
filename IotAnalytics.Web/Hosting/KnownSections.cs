using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Web.Jobs;

namespace IotAnalytics.Web.Hosting;

/// <summary>Every top-level key of the configuration and the class that reads it; null where its reader checks it himself.</summary>
internal static class KnownSections
{
    public static IReadOnlyDictionary<string, Type?> All { get; } = new Dictionary<string, Type?>(StringComparer.OrdinalIgnoreCase)
    {
        [HostListener.Key] = typeof(string),
        [DataDirectorySetup.Key] = typeof(string),
        [CommitLogOptions.Section] = typeof(CommitLogOptions),
        [DatabaseOptions.Section] = typeof(DatabaseOptions),
        [LakeOptions.Section] = typeof(LakeOptions),
        [PipelineOptions.Section] = typeof(PipelineOptions),
        ["ConnectionStrings"] = null,
        ["Profiles"] = null,
        [JobsOptions.Section] = typeof(JobsOptions),
        [ModelingOptions.Section] = typeof(ModelingOptions),
        [TelemetryOptions.Section] = typeof(TelemetryOptions),
        [LimitsOptions.Section] = typeof(LimitsOptions),
        ["Kestrel"] = null,
        ["Logging"] = null,
    };
}
