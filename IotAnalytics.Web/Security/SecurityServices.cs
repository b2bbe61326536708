using IotAnalytics.Web.Security.Audit;
using IotAnalytics.Web.Security.Keys;
using Microsoft.AspNetCore.Authentication;

namespace IotAnalytics.Web.Security;

internal static class SecurityServices
{
    private const string ByHeaderOrCookie = "key-or-session";

    /// <summary>Keys, sessions and the rule that everything needs one of them unless an endpoint says otherwise.</summary>
    public static IServiceCollection AddSecurity(this IServiceCollection services)
    {
        services.AddSingleton<ApiKeyStore>();
        services.AddSingleton<AdministratorKey>();
        services.AddSingleton<ApiKeyRegistry>();
        services.AddSingleton<EventTimeAudit>();
        services.AddSingleton<LoginLinks>();
        services.AddSingleton<RefusalLimit>();
        services.AddHostedService<ApiKeyUsage>();
        services.AddKeyRateLimit();
        services
            .AddAuthentication(options =>
            {
                options.DefaultScheme = ByHeaderOrCookie;
                options.DefaultChallengeScheme = ApiKeyHandler.SchemeName;
                options.DefaultForbidScheme = ApiKeyHandler.SchemeName;
            })
            .AddPolicyScheme(ByHeaderOrCookie, null, options => options.ForwardDefaultSelector = context =>
                ApiKeyHandler.IsPresent(context.Request) ? ApiKeyHandler.SchemeName : SessionCookie.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.SchemeName, null)
            .AddSessionCookie();
        services.AddScopePolicies();
        return services;
    }
}
