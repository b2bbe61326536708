namespace IotAnalytics.Core.Simulation.Targets;

/// <summary>Sending cannot go on. The message is one line for the user.</summary>
internal sealed class ReadingsTargetException(string message, Exception? inner = null) : Exception(message, inner);
