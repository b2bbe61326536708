namespace IotAnalytics.Web.Commands;

/// <summary>Ends the program with one line on stderr and this exit code.</summary>
/// <param name="exitCode"><see cref="CommandLine.Failed"/> or <see cref="CommandLine.BadInput"/>.</param>
/// <param name="message">For the user: what is wrong, with which value, and what is accepted.</param>
internal sealed class CommandException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;
}
