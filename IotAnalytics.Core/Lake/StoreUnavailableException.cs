namespace IotAnalytics.Core.Lake;

/// <summary>
/// The store did not do what it was asked for, which says nothing about the object: away, slow, refusing. Readers tell it from content
/// that is not what it should be, which is an <see cref="InvalidDataException"/>.
/// </summary>
internal sealed class StoreUnavailableException(string message, Exception? inner) : IOException(message, inner);
