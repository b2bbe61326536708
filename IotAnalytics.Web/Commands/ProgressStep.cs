namespace IotAnalytics.Web.Commands;

/// <summary>How far a command is.</summary>
/// <param name="Done">In the command's own unit.</param>
/// <param name="Total">In the same unit; null when the end is not known.</param>
/// <param name="Text">What a user wants to see of it, for example <c>120,000 readings, 80,412/s</c>.</param>
internal readonly record struct ProgressStep(double Done, double? Total, string Text)
{
    /// <summary>0 to 100; null when the end is not known.</summary>
    public double? Percent => Total is > 0 ? Math.Clamp(100 * Done / Total.Value, 0, 100) : null;
}
