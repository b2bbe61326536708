namespace IotAnalytics.Core.Modeling;

/// <summary>A model cannot be trained from this data with these options; the message says which and what is needed.</summary>
internal sealed class TrainingException(string message) : Exception(message);
