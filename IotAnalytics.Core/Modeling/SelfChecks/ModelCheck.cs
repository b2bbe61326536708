namespace IotAnalytics.Core.Modeling.SelfChecks;

/// <summary>What can be wrong with a model in operation; the names are stable.</summary>
internal static class ModelCheck
{
    /// <summary>All is well.</summary>
    public const string Ok = "ok";

    /// <summary>The profile has no champion: its readings are not scored.</summary>
    public const string NoModel = "no_model";

    /// <summary>No profile bears the model's name: it scores nothing.</summary>
    public const string NoProfile = "no_profile";

    /// <summary>Far more alarms than the threshold was made for, and not only for a while.</summary>
    public const string AlarmRateHigh = "alarm_rate_high";

    /// <summary>Far fewer.</summary>
    public const string AlarmRateLow = "alarm_rate_low";

    /// <summary>The champion is older than the profile's limit.</summary>
    public const string TooOld = "too_old";

    /// <summary>A feature has one value only.</summary>
    public const string ConstantFeature = "constant_feature";

    /// <summary>Sensors have fewer readings than scores need to settle.</summary>
    public const string WarmingUp = "warming_up";

    /// <summary>From the worst to the least; the first one that fails is the state.</summary>
    public static IReadOnlyList<string> All { get; } = [NoModel, NoProfile, AlarmRateHigh, AlarmRateLow, TooOld, ConstantFeature, WarmingUp];
}
