using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using IotAnalytics.Core.CommitLog;

namespace IotAnalytics.Tests.CommitLog;

/// <summary>
/// The test program started as a child that only appends, so that it can be killed: prints each acknowledged offset, until it dies.
/// Everything runs on this one thread, since no other may enter the assembly before its initializer has ended.
/// </summary>
internal static class AppendChild
{
    public const string Variable = "IOT_TEST_APPEND_UNTIL_KILLED";

    /// <summary>The value of the record with this number: it can be told from every other.</summary>
    public static byte[] Value(long number)
    {
        var value = new byte[1_000 + (number * 7_919 % 60_000)];
        new Random((int)number).NextBytes(value);
        return value;
    }

    public static Process Start(string folder)
    {
        var program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            start.ArgumentList.Add(typeof(AppendChild).Assembly.Location);
        }

        start.Environment[Variable] = folder;
        return Process.Start(start)!;
    }

#pragma warning disable CA2255 // A test program has no main of its own to put this into.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void RunWhenAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { } folder)
        {
            Run(folder);
        }
    }

    private static void Run(string folder)
    {
        var log = LogFolder.Log(folder);
        log.OpenAsync(CancellationToken.None).GetAwaiter().GetResult();
        var next = log.GetBoundsAsync(0, CancellationToken.None).AsTask().GetAwaiter().GetResult().HighWatermark;
        while (true)
        {
            // Several at once, so that groups have more than one append; the order within the queue is the order of the calls.
            var appends = new Task<AppendResult>[4];
            for (var i = 0; i < appends.Length; i++)
            {
                appends[i] = log.AppendAsync([new LogRecord(0, next + i, Value(next + i))], null, CancellationToken.None).AsTask();
            }

            foreach (var append in appends)
            {
                var offset = append.GetAwaiter().GetResult().Positions[0].Offset;
                Console.Out.WriteLine(offset.ToString(CultureInfo.InvariantCulture));
                next = offset + 1;
            }
        }
    }
}
