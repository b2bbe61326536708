namespace IotAnalytics.Core.Modeling.Registry;

/// <summary>An alias may not be set so. The message says why, for people.</summary>
internal sealed class ModelRefusedException(string message) : Exception(message);
