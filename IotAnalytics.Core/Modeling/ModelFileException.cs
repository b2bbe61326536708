namespace IotAnalytics.Core.Modeling;

/// <summary>A model file that cannot be used: torn, altered, not a model, or of a newer version. The message says which.</summary>
internal sealed class ModelFileException(string message, Exception? inner = null) : Exception(message, inner);
