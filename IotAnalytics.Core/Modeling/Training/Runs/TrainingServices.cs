using IotAnalytics.Core.Modeling.Drift;
using IotAnalytics.Core.Modeling.Gate;
using IotAnalytics.Core.Readings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Modeling.Training.Runs;

public static class TrainingServices
{
    /// <summary>The queue of training runs with the service that works through it, the gate that judges what they make, and the watch for drift. Needs the registry, the lake and the roles.</summary>
    public static IServiceCollection AddTraining(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<TrainingPolicies>().Configure(policies => policies.Read(configuration.GetSection(ProfileOptions.Section))).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TrainingPolicies>, TrainingPolicies.Check>();
        services.AddSingleton<TrainingRuns>();
        services.AddSingleton<LevelMemories>();
        services.AddSingleton<TrainingRunner>();
        services.AddHostedService<TrainingService>();
        services.AddSingleton<CandidateGate>();
        services.AddSingleton<GateService>();
        services.AddHostedService(provider => provider.GetRequiredService<GateService>());
        services.AddSingleton<DriftWatch>();
        services.AddHostedService<DriftService>();
        return services;
    }
}
