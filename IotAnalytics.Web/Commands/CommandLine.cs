using System.CommandLine;
using System.Data.Common;
using System.Runtime.InteropServices;
using IotAnalytics.Core.CommitLog;

namespace IotAnalytics.Web.Commands;

/// <summary>Runs a parsed command line: exit codes, Ctrl+C, and one clear line for every failure.</summary>
internal static class CommandLine
{
    public const int Succeeded = 0;

    /// <summary>It was tried and failed, or was interrupted.</summary>
    public const int Failed = 1;

    /// <summary>Bad arguments, configuration or input.</summary>
    public const int BadInput = 2;

    public static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            return Fail(BadInput, string.Join(' ', parsed.Errors.Select(e => e.Message).Distinct()) + " (--help shows what is accepted)");
        }

        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, StopOnce);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, StopOnce);
        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, stop.Token);
        }
        catch (CommandException e)
        {
            return Fail(e.ExitCode, e.Message);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return Fail(Failed, "interrupted");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CommitLogException or HttpRequestException or DbException)
        {
            return Fail(Failed, e.Message);
        }

        // The first signal asks the command to end in order; a second one finds no handler that holds it back.
        void StopOnce(PosixSignalContext context)
        {
            if (!stop.IsCancellationRequested)
            {
                context.Cancel = true;
                stop.Cancel();
            }
        }
    }

    private static int Fail(int exitCode, string message)
    {
        Console.Error.WriteLine($"iot-analytics: {message}");
        return exitCode;
    }
}
