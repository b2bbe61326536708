using IotAnalytics.Core.CommitLog.Embedded;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Core.CommitLog;

public static class CommitLogServices
{
    /// <summary>The commit log of the chosen provider as <see cref="ICommitLog"/>. Needs <see cref="DataDirectory"/> and <see cref="TimeProvider"/>;
    /// the host calls <see cref="ICommitLog.OpenAsync"/> before anything uses it.</summary>
    public static IServiceCollection AddCommitLog(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<CommitLogOptions>().Bind(configuration.GetSection(CommitLogOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        switch (configuration[$"{CommitLogOptions.Section}:{nameof(CommitLogOptions.Provider)}"])
        {
            // An unknown provider is refused by the validation above, together with every other wrong option.
            default:
                services.AddOptions<EmbeddedLogOptions>().Bind(configuration.GetSection(EmbeddedLogOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
                services.AddSingleton<ICommitLog, EmbeddedCommitLog>();
                break;
        }

        return services;
    }
}
