using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Modeling.Training.Runs;

/// <summary>The training policy of every profile. Not part of the scoring plan: it changes no row.</summary>
internal sealed class TrainingPolicies
{
    private readonly Dictionary<string, TrainingPolicy> _policies = new(StringComparer.Ordinal);

    /// <summary>Everything that is wrong: key, value, what is accepted.</summary>
    public IReadOnlyList<string> Errors { get; private set; } = [];

    /// <summary>Of a profile without the section: the defaults.</summary>
    public TrainingPolicy Of(string profile) => _policies.GetValueOrDefault(profile, TrainingPolicy.Default);

    /// <param name="profiles">The section <c>Profiles</c>.</param>
    public void Read(IConfiguration profiles)
    {
        var errors = new List<string>();
        foreach (var profile in profiles.GetChildren())
        {
            _policies[profile.Key] = TrainingPolicy.Read(profile.GetSection("Training"), errors);
        }

        Errors = errors;
    }

    internal sealed class Check : IValidateOptions<TrainingPolicies>
    {
        public ValidateOptionsResult Validate(string? name, TrainingPolicies options) =>
            options.Errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(options.Errors);
    }
}
