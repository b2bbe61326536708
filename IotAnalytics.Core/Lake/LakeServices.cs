using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Core.Lake.Stores;
using IotAnalytics.Core.Lake.Stores.S3;
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
        services.PostConfigure<LakeOptions>(LakePlaces.Normalize);
        switch (configuration[$"{LakeOptions.Section}:{nameof(LakeOptions.Provider)}"])
        {
            case LakePlaces.S3:
                services.AddOptions<S3StoreOptions>().Bind(configuration.GetSection(S3StoreOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
                services.AddSingleton<IValidateOptions<S3StoreOptions>, S3StoreOptionsValidator>();
                services.AddSingleton<S3LakeStore>();
                services.AddSingleton<ILakeStore>(provider => provider.GetRequiredService<S3LakeStore>());
                services.AddSingleton<S3StoreProbe>();
                break;

            // An unknown provider is refused by the validation above, together with every other wrong option.
            default:
                services.AddSingleton<ILakeStore>(provider => new FileSystemLakeStore(provider.GetRequiredService<DataDirectory>().Combine("lake")));
                break;
        }

        services.AddSingleton<LakeSpool>();
        services.AddSingleton<LakeEncoders>();
        services.AddSingleton<DeltaCheckpointer>();
        services.AddSingleton<DeltaPublisher>();
        services.AddSingleton<LakeVerifier>();
        services.AddSingleton<LakeCompactor>();
        services.AddSingleton<LakeVacuum>();
        services.AddSingleton<LakeTablesQuery>();
        services.AddSingleton<SensorReadingsQuery>();
        services.AddSingleton<ProfileReadingsQuery>();
        services.AddHostedService<DeltaPublishService>();
        return services;
    }
}
