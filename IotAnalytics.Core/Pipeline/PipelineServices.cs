using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Readings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Pipeline;

public static class PipelineServices
{
    /// <summary>The workers and what they report to. Needs all other features of Core.</summary>
    public static IServiceCollection AddPipeline(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<PipelineOptions>().Bind(configuration.GetSection(PipelineOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(s =>
        {
            var options = s.GetRequiredService<IOptions<PipelineOptions>>().Value;
            return new ReadingRules(s.GetRequiredService<IOptions<LimitsOptions>>().Value.MaxJsonDepth, options.MaxFutureSkew, options.LateAfter);
        });
        services.AddSingleton<PipelineMonitor>().AddSingleton<LiveFeed>()
            .AddSingleton<SourceRegistry>().AddSingleton<PartitionStore>().AddSingleton<PlanStore>().AddSingleton<CurrentPlan>().AddSingleton<PlanWatch>()
            .AddSingleton<SensorKeys>().AddSingleton<SavedState>().AddSingleton<ProcessorTurns>().AddSingleton<PipelineDependencies>();
        services.AddSingleton<ModelLoader>(s => s.GetRequiredService<ModelRegistry>().LoadAsync);
        services.AddHostedService<PipelineService>();
        services.AddHostedService(s => s.GetRequiredService<PlanWatch>());
        services.AddHostedService<PartitionStatusRecorder>();
        return services;
    }
}
