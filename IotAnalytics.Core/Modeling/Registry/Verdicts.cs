namespace IotAnalytics.Core.Modeling.Registry;

/// <summary>What people say of an anomaly, as the column has it.</summary>
internal static class Verdicts
{
    /// <summary>Something was wrong there.</summary>
    public const string Confirmed = "confirmed";

    /// <summary>A false alarm.</summary>
    public const string Dismissed = "dismissed";

    public static string[] All { get; } = [Confirmed, Dismissed];
}
