using System.Globalization;

namespace IotAnalytics.Benchmarks.Throughput;

/// <summary>What Linux says of a process.</summary>
/// <param name="CpuSeconds">User and system time of all threads.</param>
/// <param name="PeakBytes">Largest resident set so far (VmHWM).</param>
internal readonly record struct ProcessFigures(double CpuSeconds, long PeakBytes)
{
    // USER_HZ: 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>Null when the process is gone.</summary>
    public static ProcessFigures? Read(int processId)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{processId}/stat");
            // The second field is the name in parentheses and may hold blanks.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
            var peak = File.ReadLines($"/proc/{processId}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return peak is null
                ? null // a process that has ended but was not yet waited for has no memory any more
                : new ProcessFigures(ticks / TicksPerSecond, long.Parse(peak.Split(':')[1].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1_024);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or IOException)
        {
            return null;
        }
    }
}
