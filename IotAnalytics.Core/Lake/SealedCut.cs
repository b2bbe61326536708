using IotAnalytics.Core.Diagnostics;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Lake;

/// <summary>A closed cut whose files lie in the spool. Upload it, then commit (T2), then dispose it.</summary>
internal sealed class SealedCut : IDisposable
{
    private readonly LakeCutContext _context;
    private readonly IReadOnlyList<SealedFile> _files;
    private int _uploaded;

    internal SealedCut(LakeCutContext context, long firstOffset, long nextOffset, IReadOnlyList<SealedFile> files)
    {
        _context = context;
        _files = files;
        FirstOffset = firstOffset;
        NextOffset = nextOffset;
        Files = [.. files.Select(f => f.File)];
    }

    public int SourceId => _context.SourceId;
    public int Partition => _context.Partition;
    public long OwnerEpoch => _context.OwnerEpoch;
    public long FirstOffset { get; }
    public long NextOffset { get; }

    /// <summary>The rows for <c>lake_file</c>; empty when the cut took nothing.</summary>
    public IReadOnlyList<LakeFile> Files { get; }

    /// <summary>Encoded bytes of all files.</summary>
    public long Bytes => Files.Sum(f => f.ByteCount);

    /// <summary>Puts the objects, those that are not yet there: after an <see cref="IOException"/> call it again.</summary>
    public async Task UploadAsync(ILakeStore store, CancellationToken cancellationToken)
    {
        while (_uploaded < _files.Count)
        {
            var (path, file) = _files[_uploaded];
            FailPoint.Hit("t2-before-put");
            await store.PutFileAsync(file.ObjectKey, path, cancellationToken).ConfigureAwait(false);
            FailPoint.Hit("t2-after-put");
            _uploaded++;
            _context.Spool.Account(-file.ByteCount);
        }
    }

    /// <summary>Deletes what is still in the spool.</summary>
    public void Dispose()
    {
        for (; _uploaded < _files.Count; _uploaded++)
        {
            File.Delete(_files[_uploaded].Path);
            _context.Spool.Account(-_files[_uploaded].File.ByteCount);
        }
    }
}

/// <summary>A file of a sealed cut and where it lies.</summary>
internal sealed record SealedFile(string Path, LakeFile File);
