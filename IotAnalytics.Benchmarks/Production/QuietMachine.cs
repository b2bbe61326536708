using System.Globalization;

namespace IotAnalytics.Benchmarks.Production;

/// <summary>Waits until the processors of the machine have nothing to do: a start is measured, not what was before it. Does nothing where there is no <c>/proc/stat</c>.</summary>
internal static class QuietMachine
{
    private const string Figures = "/proc/stat";
    private const double MostBusy = 0.1;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(30);

    public static async Task WaitAsync(Action<string> tell, CancellationToken cancellationToken)
    {
        if (!File.Exists(Figures))
        {
            return;
        }

        var before = Ticks();
        for (var waited = TimeSpan.Zero; waited < Within; waited += Look)
        {
            await Task.Delay(Look, cancellationToken);
            var now = Ticks();
            if (now.Busy - before.Busy < MostBusy * (now.All - before.All))
            {
                return;
            }

            before = now;
        }

        tell(string.Create(CultureInfo.InvariantCulture, $"the machine is not quiet after {Within.TotalSeconds} s; the start is measured all the same"));
    }

    /// <summary>Of all processors: user, nice, system, idle, waiting for a disk, and the rest.</summary>
    private static (long Busy, long All) Ticks()
    {
        const int Idle = 3;
        const int Waiting = 4;
        var ticks = File.ReadLines(Figures).First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(t => long.Parse(t, CultureInfo.InvariantCulture)).ToArray();
        var all = ticks.Sum();
        return (all - ticks[Idle] - ticks[Waiting], all);
    }
}
