using IotAnalytics.Core.CommitLog.Embedded;
using IotAnalytics.Core.CommitLog.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.CommitLog;

public static class CommitLogServices
{
    /// <summary>The commit log of the chosen provider as <see cref="ICommitLog"/>. Needs <see cref="DataDirectory"/>, <see cref="TimeProvider"/> and,
    /// for Kafka, the database;
    /// the host calls <see cref="ICommitLog.OpenAsync"/> before anything uses it.</summary>
    public static IServiceCollection AddCommitLog(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<CommitLogOptions>().Bind(configuration.GetSection(CommitLogOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        switch (configuration[$"{CommitLogOptions.Section}:{nameof(CommitLogOptions.Provider)}"])
        {
            case "Kafka":
                services.AddOptions<KafkaLogOptions>().Bind(configuration.GetSection(KafkaLogOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
                services.AddSingleton<IValidateOptions<KafkaLogOptions>, KafkaOptionsValidator>();
                services.AddSingleton<ICommitLog, KafkaCommitLog>();
                break;
            // An unknown provider is refused by the validation above, together with every other wrong option.
            default:
                services.AddOptions<EmbeddedLogOptions>().Bind(configuration.GetSection(EmbeddedLogOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
                services.AddSingleton<ICommitLog, EmbeddedCommitLog>();
                break;
        }

        return services;
    }
}
