using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Lake;

/// <summary>
/// The local folder in which cuts are encoded and wait for the store. Bounded by <c>Lake:SpoolMaxBytes</c>: when it is full, the
/// partitions pause. Nothing in it survives a restart: replay makes it again.
/// </summary>
internal sealed class LakeSpool
{
    private const string CutPrefix = "cut-";
    private const string RewritePrefix = "rewrite-";

    private readonly string _directory;
    private long _bytes;
    private long _number;

    public LakeSpool(DataDirectory data, IOptions<LakeOptions> options)
        : this(data.Combine("spool"), options.Value.SpoolMaxBytes)
    {
    }

    public LakeSpool(string directory, long maxBytes)
    {
        _directory = directory;
        MaxBytes = maxBytes;
    }

    /// <summary>Bytes of encoded cuts on disk.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public long MaxBytes { get; }

    /// <summary>True when no further rows should be encoded.</summary>
    public bool IsFull => Bytes >= MaxBytes;

    /// <summary>Deletes what an earlier process left. Only the host that owns the data folder may call this, before its first cut.</summary>
    public void Clear()
    {
        if (!Directory.Exists(_directory))
        {
            return;
        }

        foreach (var file in Directory.EnumerateFiles(_directory, CutPrefix + "*"))
        {
            File.Delete(file);
        }
    }

    /// <summary>A path for a file of a cut.</summary>
    public string NewCutPath() => NewPath(CutPrefix);

    /// <summary>A path for a rewritten file; it may belong to a command that runs beside the host, so the host never clears it.</summary>
    public string NewRewritePath() => NewPath(RewritePrefix);

    /// <summary>Accounts for bytes written (positive) or deleted and moved away (negative).</summary>
    public void Account(long bytes) => Interlocked.Add(ref _bytes, bytes);

    private string NewPath(string prefix)
    {
        Directory.CreateDirectory(_directory);
        return Path.Combine(_directory, $"{prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _number)}.parquet");
    }
}
