using System.Globalization;
using Spectre.Console;

namespace IotAnalytics.Web.Commands;

/// <summary>
/// Shows on standard error how far a command is: a moving bar on a terminal, else a plain line after five seconds and then ever more seldom. Standard output is
/// left to the command's result. The command is asked for its step; it need not tell.
/// </summary>
internal static class ProgressDisplay
{
    private static readonly TimeSpan BarInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FirstLine = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestBetweenLines = TimeSpan.FromMinutes(1);

    /// <summary>Shows progress until <paramref name="work"/> ends, and ends as it does. Work of less than five seconds prints no plain line.</summary>
    /// <param name="title">What is done: <c>Replaying</c>.</param>
    /// <param name="work">The work, already running.</param>
    /// <param name="step">Called from another thread than the work's; must be cheap.</param>
    /// <param name="error">Standard error, or its replacement.</param>
    public static async Task ShowAsync(string title, Task work, Func<ProgressStep> step, TextWriter error, TimeProvider time)
    {
        if (ReferenceEquals(error, System.Console.Error) && !System.Console.IsErrorRedirected)
        {
            await ShowBarAsync(title, work, step, time);
        }
        else
        {
            await ShowLinesAsync(title, work, step, error, time);
        }

        await work;
    }

    private static async Task ShowBarAsync(string title, Task work, Func<ProgressStep> step, TimeProvider time)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(System.Console.Error) });
        await console.Progress()
            .AutoClear(true)
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var bar = context.AddTask(Markup.Escape(title), maxValue: 100);
                do
                {
                    Show(bar, title, step());
                }
                while (!await EndsWithinAsync(work, BarInterval, time));

                Show(bar, title, step());
            });
    }

    private static void Show(ProgressTask bar, string title, ProgressStep now)
    {
        bar.IsIndeterminate = now.Percent is null;
        bar.Value = now.Percent ?? 0;
        bar.Description = Markup.Escape($"{title} {now.Text}");
    }

    private static async Task ShowLinesAsync(string title, Task work, Func<ProgressStep> step, TextWriter error, TimeProvider time)
    {
        for (var wait = FirstLine; !await EndsWithinAsync(work, wait, time); wait = wait * 1.5 < LongestBetweenLines ? wait * 1.5 : LongestBetweenLines)
        {
            var now = step();
            var percent = now.Percent is { } p ? string.Create(CultureInfo.InvariantCulture, $"{p:0} % ") : "";
            await error.WriteLineAsync($"{title} {percent}{now.Text}");
        }
    }

    private static async Task<bool> EndsWithinAsync(Task work, TimeSpan wait, TimeProvider time)
    {
        using var enough = new CancellationTokenSource();
        var ended = await Task.WhenAny(work, Task.Delay(wait, time, enough.Token)) == work;
        await enough.CancelAsync();
        return ended;
    }
}
