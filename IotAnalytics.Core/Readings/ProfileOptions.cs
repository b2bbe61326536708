namespace IotAnalytics.Core.Readings;

/// <summary>Section <c>Profiles</c>: one child per profile, named after it. Without any, the profile <c>climate</c> is used.
/// The keys, their ranges and defaults are those of <see cref="ProfileReader"/>.</summary>
internal sealed class ProfileOptions
{
    public const string Section = "Profiles";

    /// <summary>The profiles as read; of use only when there are no errors.</summary>
    public IReadOnlyList<SensorProfile> Profiles { get; set; } = [];

    /// <summary>Everything that is wrong: key, value, what is accepted.</summary>
    public IReadOnlyList<string> Errors { get; set; } = [];
}
