using System.Globalization;
using IotAnalytics.Core.Simulation.Targets;

namespace IotAnalytics.Web.Commands;

/// <summary>The closing lines of <c>simulate</c> and <c>replay</c>.</summary>
internal static class ReadingsSummary
{
    /// <summary>For the progress display: <c>12,000 readings, 4,000/s</c>.</summary>
    public static string Now(long readings, TimeSpan elapsed) =>
        string.Create(CultureInfo.InvariantCulture, $"{readings:N0} readings, {Rate(readings, elapsed):N0}/s");

    public static void Write(TextWriter output, long sent, long skipped, IReadingsTarget target, TimeSpan elapsed)
    {
        Line(output, "Readings sent", sent);
        Line(output, "Accepted", target.Accepted);
        Line(output, "Rejected", target.Rejected);
        if (skipped > 0)
        {
            Line(output, "Rows skipped", skipped);
        }

        if (sent > target.Accepted + target.Rejected)
        {
            Line(output, "Not confirmed", sent - target.Accepted - target.Rejected);
        }

        if (target.Retries > 0)
        {
            Line(output, "Repeated bodies", target.Retries);
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"Time",-16}{elapsed.TotalSeconds,12:N1} s"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"Rate",-16}{Rate(target.Accepted, elapsed),12:N1} readings/s"));
    }

    private static void Line(TextWriter output, string name, long count) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-16}{count,12:N0}"));

    private static double Rate(long readings, TimeSpan elapsed) => elapsed > TimeSpan.Zero ? readings / elapsed.TotalSeconds : 0;
}
