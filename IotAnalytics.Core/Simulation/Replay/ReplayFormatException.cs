namespace IotAnalytics.Core.Simulation.Replay;

/// <summary>A file cannot be replayed. The message is one line that names the file, the line and what is accepted.</summary>
/// <param name="message">For the user.</param>
/// <param name="rowOnly">True when only this row is at fault and the next one can be read.</param>
internal sealed class ReplayFormatException(string message, bool rowOnly, Exception? inner = null) : Exception(message, inner)
{
    public bool RowOnly { get; } = rowOnly;
}
