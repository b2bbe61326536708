using IotAnalytics.Core.Lake;

namespace IotAnalytics.Tests.Lake;

/// <summary>A store whose puts can be made to fail, before or after they happened.</summary>
internal sealed class FaultyLakeStore(ILakeStore inner) : ILakeStore
{
    /// <summary>Throws before a put of a matching key.</summary>
    public Func<string, bool> FailBeforePut { get; set; } = _ => false;

    /// <summary>Throws after a put of a matching key.</summary>
    public Func<string, bool> FailAfterPut { get; set; } = _ => false;

    /// <summary>Waits or throws before a read.</summary>
    public Func<string, CancellationToken, Task> BeforeRead { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Waits or throws before the question for a length.</summary>
    public Func<string, Task> BeforeLength { get; set; } = _ => Task.CompletedTask;

    /// <summary>Changes what is put.</summary>
    public Func<string, ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> Corrupt { get; set; } = (_, content) => content;

    public List<string> Puts { get; } = [];

    public async Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        ThrowIf(FailBeforePut(key), key);
        await inner.PutAsync(key, Corrupt(key, content), cancellationToken);
        Puts.Add(key);
        ThrowIf(FailAfterPut(key), key);
    }

    public async Task<bool> TryCreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        ThrowIf(FailBeforePut(key), key);
        var isNew = await inner.GetLengthAsync(key, cancellationToken) is null;
        var isOurs = await inner.TryCreateAsync(key, Corrupt(key, content), cancellationToken);
        if (isNew)
        {
            Puts.Add(key);
            ThrowIf(FailAfterPut(key), key);
        }

        return isOurs;
    }

    public async Task PutFileAsync(string key, string localPath, CancellationToken cancellationToken)
    {
        ThrowIf(FailBeforePut(key), key);
        await inner.PutFileAsync(key, localPath, cancellationToken);
        ThrowIf(FailAfterPut(key), key);
    }

    public async Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken)
    {
        await BeforeRead(key, cancellationToken);
        return await inner.OpenReadAsync(key, cancellationToken);
    }

    public async Task<long?> GetLengthAsync(string key, CancellationToken cancellationToken)
    {
        await BeforeLength(key);
        return await inner.GetLengthAsync(key, cancellationToken);
    }

    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

    public Task DeleteAsync(string key, CancellationToken cancellationToken) => inner.DeleteAsync(key, cancellationToken);

    private static void ThrowIf(bool fails, string key)
    {
        if (fails)
        {
            throw new IOException($"The store failed at {key}.");
        }
    }
}
