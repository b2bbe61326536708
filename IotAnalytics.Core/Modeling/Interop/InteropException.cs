namespace IotAnalytics.Core.Modeling.Interop;

/// <summary>A model that cannot be taken from or given to another program; the message says why.</summary>
internal sealed class InteropException(string message, Exception? inner = null) : Exception(message, inner);
