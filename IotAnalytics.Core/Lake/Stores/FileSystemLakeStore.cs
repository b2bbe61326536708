using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace IotAnalytics.Core.Lake.Stores;

/// <summary>
/// A local folder. A put writes a temporary file beside the object, syncs it, renames it, and syncs the directory (and the parents
/// of directories that it made), so that it is atomic and durable when it returns.
/// </summary>
internal sealed class FileSystemLakeStore : ILakeStore
{
    private const string TemporaryPrefix = ".put-";

    private readonly string _root;

    // Directories whose own entry is known to be on disk. Grows with the number of date folders touched by this process.
    private readonly ConcurrentDictionary<string, bool> _durableDirectories = new(StringComparer.Ordinal);

    /// <param name="root">An absolute path; made when missing.</param>
    public FileSystemLakeStore(string root)
    {
        _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        _durableDirectories[Path.GetDirectoryName(_root) ?? _root] = true;
    }

    public Task PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var target = PathOf(key);
        return OffThread(
            () =>
            {
                var directory = EnsureDirectory(target);
                var temporary = Path.Combine(directory, TemporaryPrefix + Guid.NewGuid().ToString("N"));
                try
                {
                    WriteDurably(temporary, content.Span);
                    File.Move(temporary, target, overwrite: true);
                }
                catch
                {
                    File.Delete(temporary);
                    throw;
                }

                DurableFiles.SyncDirectory(directory);
            },
            cancellationToken);
    }

    /// <summary>The file system decides: a link fails where there is a name already.</summary>
    public async Task<bool> TryCreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var target = PathOf(key);
        var isOurs = false;
        await OffThread(
            () =>
            {
                var directory = EnsureDirectory(target);
                var temporary = Path.Combine(directory, TemporaryPrefix + Guid.NewGuid().ToString("N"));
                try
                {
                    if (!File.Exists(target))
                    {
                        WriteDurably(temporary, content.Span);
                        isOurs = DurableFiles.TryLink(temporary, target);
                    }

                    isOurs = isOurs || File.ReadAllBytes(target).AsSpan().SequenceEqual(content.Span);
                }
                finally
                {
                    File.Delete(temporary);
                }

                // Also for a file that an earlier try left: whether it got so far is not known.
                DurableFiles.SyncDirectory(directory);
            },
            cancellationToken).ConfigureAwait(false);
        return isOurs;
    }

    public Task PutFileAsync(string key, string localPath, CancellationToken cancellationToken)
    {
        var target = PathOf(key);
        return OffThread(
            () =>
            {
                var directory = EnsureDirectory(target);
                DurableFiles.SyncFile(localPath);
                if (DurableFiles.TryRename(localPath, target))
                {
                    try
                    {
                        DurableFiles.SyncDirectory(directory);
                    }
                    catch
                    {
                        // Not known to be durable: put it back, so that the caller can try again.
                        File.Move(target, localPath);
                        throw;
                    }

                    return;
                }

                var temporary = Path.Combine(directory, TemporaryPrefix + Guid.NewGuid().ToString("N"));
                try
                {
                    File.Copy(localPath, temporary);
                    DurableFiles.SyncFile(temporary);
                    File.Move(temporary, target, overwrite: true);
                    DurableFiles.SyncDirectory(directory);
                }
                catch
                {
                    File.Delete(temporary);
                    throw;
                }

                File.Delete(localPath);
            },
            cancellationToken);
    }

    public Task<Stream> OpenReadAsync(string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var path = PathOf(key);
        try
        {
            return Task.FromResult<Stream>(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FileNotFoundException($"The lake has no object {key}.", path, e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"Reading {path}: {e.Message}", e);
        }
    }

    public Task<long?> GetLengthAsync(string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var file = new FileInfo(PathOf(key));
        return Task.FromResult(file.Exists ? (long?)file.Length : null);
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        LakeKey.CheckPrefix(prefix);
        var found = new List<StoredObject>();
        await OffThread(
            () =>
            {
                var directory = Path.Combine(_root, prefix[..(prefix.LastIndexOf('/') + 1)].Replace('/', Path.DirectorySeparatorChar));
                if (!Directory.Exists(directory))
                {
                    return;
                }

                foreach (var file in new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var key = Path.GetRelativePath(_root, file.FullName).Replace(Path.DirectorySeparatorChar, '/');
                    if (key.StartsWith(prefix, StringComparison.Ordinal) && !file.Name.StartsWith(TemporaryPrefix, StringComparison.Ordinal))
                    {
                        Add(found, key, file);
                    }
                }

                found.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
            },
            cancellationToken).ConfigureAwait(false);
        foreach (var entry in found)
        {
            yield return entry;
        }
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        var path = PathOf(key);
        return OffThread(
            () =>
            {
                if (File.Exists(path))
                {
                    File.Delete(path);
                }
            },
            cancellationToken);
    }

    private static void WriteDurably(string path, ReadOnlySpan<byte> content)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, preallocationSize: content.Length);
        RandomAccess.Write(file, content, 0);
        RandomAccess.FlushToDisk(file);
    }

    private static void Add(List<StoredObject> found, string key, FileInfo file)
    {
        try
        {
            found.Add(new StoredObject(key, file.Length, new DateTimeOffset(file.LastWriteTimeUtc)));
        }
        catch (FileNotFoundException)
        {
            // Deleted while we listed: it is not there.
        }
    }

    /// <summary>File calls block, fsync for long: never on the caller's thread. Only <see cref="IOException"/> leaves.</summary>
    private static async Task OffThread(Action work, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Run(work, cancellationToken).ConfigureAwait(false);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    private string PathOf(string key)
    {
        LakeKey.Check(key);
        return Path.Combine(_root, key.Replace('/', Path.DirectorySeparatorChar));
    }

    private string EnsureDirectory(string target)
    {
        var directory = Path.GetDirectoryName(target)!;
        MakeDurable(directory);
        return directory;
    }

    private void MakeDurable(string directory)
    {
        // Somebody may have tidied up behind our back.
        if (_durableDirectories.ContainsKey(directory) && Directory.Exists(directory))
        {
            return;
        }

        var parent = Path.GetDirectoryName(directory);
        if (parent is not null && directory.Length > _root.Length)
        {
            MakeDurable(parent);
        }

        Directory.CreateDirectory(directory);
        if (parent is not null)
        {
            DurableFiles.SyncDirectory(parent);
        }

        _durableDirectories[directory] = true;
    }
}
