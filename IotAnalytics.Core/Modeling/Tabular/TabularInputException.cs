namespace IotAnalytics.Core.Modeling.Tabular;

/// <summary>An input that cannot be used as a table of numbers; the message names the file, the line and what is accepted.</summary>
internal sealed class TabularInputException(string message, Exception? inner = null) : Exception(message, inner);
