using IotAnalytics.Core.Lake.Files;
using IotAnalytics.Core.Lake.Upkeep;

namespace IotAnalytics.Core.Lake.Verification;

/// <summary>
/// Every row once, over all files of a table (silver and gold count as one). Files come in the order of their offsets, so that only
/// identities that a later file could repeat are held.
/// </summary>
internal sealed class IdentityCheck(string what, List<string> findings)
{
    private readonly HashSet<(long Offset, int Item)> _seen = [];
    private (int? SourceId, int? Partition) _partition = (-1, -1);
    private long _newest = long.MinValue;
    private long _doubles;

    /// <summary>Before the rows of a file.</summary>
    public void Begin(Persistence.LakeFile file)
    {
        if (_partition != (file.SourceId, file.Partition) || file.FirstOffset > _newest)
        {
            _seen.Clear();
            _newest = long.MinValue;
            _partition = (file.SourceId, file.Partition);
        }
    }

    public void Add(RowBuffer rows)
    {
        for (var row = 0; row < rows.Rows; row++)
        {
            var identity = RowIdentity.Of(rows, row);
            _newest = Math.Max(_newest, identity.RecordOffset);
            if (!_seen.Add((identity.RecordOffset, identity.Item)) && ++_doubles <= 10)
            {
                findings.Add($"{what}: row {identity} is there twice");
            }
        }
    }

    /// <summary>After the last file.</summary>
    public void End()
    {
        if (_doubles > 10)
        {
            findings.Add($"{what}: {_doubles} rows are there twice");
        }
    }
}
