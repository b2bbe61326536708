using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Readings;

internal static class ReadingsServices
{
    /// <summary>The <see cref="ProfileCatalog"/> of the section <c>Profiles</c>, checked before the host starts.</summary>
    public static IServiceCollection AddReadings(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ProfileOptions>()
            .Configure(options =>
            {
                var read = ProfileReader.Read(configuration.GetSection(ProfileOptions.Section));
                options.Profiles = read.Profiles;
                options.Errors = read.Errors;
            })
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<ProfileOptions>, ProfileErrors>();
        services.AddSingleton(s => new ProfileCatalog(s.GetRequiredService<IOptions<ProfileOptions>>().Value.Profiles));
        return services;
    }

    private sealed class ProfileErrors : IValidateOptions<ProfileOptions>
    {
        public ValidateOptionsResult Validate(string? name, ProfileOptions options) =>
            options.Errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(options.Errors);
    }
}
