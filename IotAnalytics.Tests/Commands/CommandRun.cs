using System.CommandLine;

namespace IotAnalytics.Tests.Commands;

/// <summary>Runs one verb within the test, with its output caught. What a user would see as an error line is thrown.</summary>
internal static class CommandRun
{
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(Command command, params string[] arguments)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        var parsed = command.Parse(arguments);
        Assert.Empty(parsed.Errors.Select(e => e.Message));
        var exitCode = await parsed.InvokeAsync(
            new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output, Error = error },
            TestContext.Current.CancellationToken);
        return (exitCode, output.ToString(), error.ToString());
    }
}
