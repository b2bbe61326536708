using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Core.Roles;

public static class RoleServices
{
    /// <summary>Who this host is and what it does for all. Needs the database; add it before what asks for a role.</summary>
    public static IServiceCollection AddRoles(this IServiceCollection services)
    {
        services.AddSingleton(HostIdentity.OfThisProcess());
        services.AddSingleton<HostRoles>();
        services.AddHostedService(provider => provider.GetRequiredService<HostRoles>());
        return services;
    }
}
