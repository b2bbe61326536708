using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Core.Lake.Stores;
using IotAnalytics.Core.Lake.Upkeep;
using IotAnalytics.Core.Lake.Verification;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Lake;

public static class LakeServices
{
    /// <summary>The store of the chosen provider, the publisher, the queries and the upkeep. Needs <see cref="DataDirectory"/>, the database and
    /// the profiles. Add it before the pipeline: it must start before and stop after.</summary>
    public static IServiceCollection AddLake(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<LakeOptions>().Bind(configuration.GetSection(LakeOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<LakeOptions>, LakeOptionsValidator>();
        services.AddSingleton<ILakeStore>(provider => provider.GetRequiredService<IOptions<LakeOptions>>().Value.Provider switch
        {
            "FileSystem" => new FileSystemLakeStore(provider.GetRequiredService<DataDirectory>().Combine("lake")),
            var other => throw new InvalidOperationException($"Lake:Provider '{other}'; accepted: FileSystem."),
        });
        services.AddSingleton<LakeSpool>();
        services.AddSingleton<DeltaCheckpointer>();
        services.AddSingleton<DeltaPublisher>();
        services.AddSingleton<LakeVerifier>();
        services.AddSingleton<LakeCompactor>();
        services.AddSingleton<LakeVacuum>();
        services.AddSingleton<LakeTablesQuery>();
        services.AddSingleton<SensorReadingsQuery>();
        services.AddHostedService<DeltaPublishService>();
        return services;
    }
}
