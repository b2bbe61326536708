namespace IotAnalytics.Core.Diagnostics;

/// <summary>
/// Named places where a test can make the process die, throw, wait or block: <c>IOT_FAILPOINT=name:die|throw|delay|block[:nth]</c>,
/// several separated by commas; nth (default 1) is the visit that strikes. Off, and almost free, without the variable.
/// </summary>
public static class FailPoint
{
    private static readonly Dictionary<string, Trap>? Traps = Parse(Environment.GetEnvironmentVariable("IOT_FAILPOINT"));

    /// <summary>Strikes when this place was named.</summary>
    public static void Hit(string name)
    {
        if (Traps is not null && Traps.TryGetValue(name, out var trap))
        {
            trap.Strike(name);
        }
    }

    private static Dictionary<string, Trap>? Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        var traps = new Dictionary<string, Trap>(StringComparer.Ordinal);
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = part.Split(':');
            if (fields.Length is < 2 or > 3 || fields[1] is not ("die" or "throw" or "delay" or "block"))
            {
                throw new FormatException($"IOT_FAILPOINT: '{part}' is not name:die|throw|delay|block[:nth].");
            }

            traps[fields[0]] = new Trap(fields[1], fields.Length == 3 ? int.Parse(fields[2], System.Globalization.CultureInfo.InvariantCulture) : 1);
        }

        return traps;
    }

    private sealed class Trap(string action, int nth)
    {
        private int _visits;

        public void Strike(string name)
        {
            if (Interlocked.Increment(ref _visits) != nth)
            {
                return;
            }

            switch (action)
            {
                case "die":
                    // As near to kill -9 as a process can do to itself: no finalizers, no flush, no exit handlers.
                    System.Diagnostics.Process.GetCurrentProcess().Kill();
                    Thread.Sleep(Timeout.Infinite);
                    break;
                case "throw":
                    throw new IOException($"Fail point {name}.");
                case "delay":
                    Thread.Sleep(TimeSpan.FromSeconds(2));
                    break;
                default:
                    Thread.Sleep(Timeout.Infinite);
                    break;
            }
        }
    }
}
