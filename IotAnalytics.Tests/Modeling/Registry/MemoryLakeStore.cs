using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using IotAnalytics.Core.Lake;

namespace IotAnalytics.Tests.Modeling.Registry;

/// <summary>Objects in memory.</summary>
internal sealed class MemoryLakeStore : ILakeStore
{
    public ConcurrentDictionary<string, byte[]> Objects { get; } = new();

    public Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Objects[key] = content.ToArray();
        return Task.CompletedTask;
    }

    public Task<bool> TryCreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        Task.FromResult(Objects.GetOrAdd(key, content.ToArray()).AsSpan().SequenceEqual(content.Span));

    public async Task PutFileAsync(string key, string localPath, CancellationToken cancellationToken) =>
        Objects[key] = await File.ReadAllBytesAsync(localPath, cancellationToken);

    public Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken) => Objects.TryGetValue(key, out var content)
        ? Task.FromResult<Stream>(new MemoryStream(content, writable: false))
        : throw new FileNotFoundException(key);

    public Task<long?> GetLengthAsync(string key, CancellationToken cancellationToken) =>
        Task.FromResult<long?>(Objects.TryGetValue(key, out var content) ? content.Length : null);

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var (key, content) in Objects.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(o => o.Key, StringComparer.Ordinal))
        {
            await Task.Yield();
            yield return new StoredObject(key, content.Length, DateTimeOffset.UnixEpoch);
        }
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        Objects.TryRemove(key, out _);
        return Task.CompletedTask;
    }
}
