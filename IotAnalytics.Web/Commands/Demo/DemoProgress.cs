using Spectre.Console;

namespace IotAnalytics.Web.Commands.Demo;

/// <summary>A bar on a terminal, nothing elsewhere.</summary>
internal static class DemoProgress
{
    public static Task<T> ShowAsync<T>(Func<Action<int, int>?, Task<T>> work) => Console.IsOutputRedirected
        ? work(null)
        : AnsiConsole.Progress().AutoClear(true).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context =>
            {
                var task = context.AddTask("demo");
                return work((done, total) =>
                {
                    task.MaxValue = total;
                    task.Value = done;
                });
            });
}
