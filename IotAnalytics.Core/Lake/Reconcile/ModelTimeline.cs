using System.Collections.Immutable;
using System.Runtime.InteropServices;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Lake.Reconcile;

/// <summary>
/// From rows that name their model to the times at which one model, or an A/B split of two, was in force. As long as all rows can be explained so, nothing
/// has changed: one version; or two, of which the one has the sensors below a share and the other those above. Not thread-safe.
/// </summary>
internal sealed class ModelTimeline
{
    private readonly List<Entry> _entries = [];

    /// <summary>A row; in any order, but fastest in the order of the stream.</summary>
    /// <param name="place">Of its sensor, by <see cref="SensorSplit"/>.</param>
    public void Add(long offset, string version, double place)
    {
        if (_entries.Count > 0)
        {
            ref var last = ref CollectionsMarshal.AsSpan(_entries)[^1];
            if (last.Offset == offset && last.Use.Version == version)
            {
                last.Use = last.Use.With(place, place);
                return;
            }
        }

        _entries.Add(new Entry { Offset = offset, Use = new VersionUse(version, place, place) });
    }

    /// <summary>The first record, and every one from which on the rows before do not explain it.</summary>
    public IEnumerable<(long Offset, ImmutableArray<VersionUse> Versions)> Changes()
    {
        _entries.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        var (from, current) = (0L, ImmutableArray<VersionUse>.Empty);
        for (var first = 0; first < _entries.Count;)
        {
            var (next, record) = (first, ImmutableArray<VersionUse>.Empty);
            for (; next < _entries.Count && _entries[next].Offset == _entries[first].Offset; next++)
            {
                record = Join(record, _entries[next].Use);
            }

            var both = record.Aggregate(current, Join);
            if (current.IsEmpty || IsOnePlan(both))
            {
                from = current.IsEmpty ? _entries[first].Offset : from;
                current = both;
            }
            else
            {
                yield return (from, current);
                (from, current) = (_entries[first].Offset, record);
            }

            first = next;
        }

        if (!current.IsEmpty)
        {
            yield return (from, current);
        }
    }

    /// <summary>By place, so that a shadow comes before its champion.</summary>
    private static ImmutableArray<VersionUse> Join(ImmutableArray<VersionUse> uses, VersionUse use)
    {
        foreach (var known in uses)
        {
            if (known.Version == use.Version)
            {
                return known.Lowest <= use.Lowest && known.Highest >= use.Highest ? uses : [.. uses.Replace(known, known.With(use.Lowest, use.Highest)).OrderBy(u => u.Highest)];
            }
        }

        return [.. uses.Add(use).OrderBy(u => u.Highest)];
    }

    private static bool IsOnePlan(ImmutableArray<VersionUse> uses) =>
        uses.Length == 1 || (uses.Length == 2 && uses[0].Highest < uses[1].Lowest && uses[0].Highest < SensorSplit.MostShare);

    private struct Entry
    {
        public long Offset;
        public VersionUse Use;
    }
}

/// <summary>A version, and the sensors whose readings it decided.</summary>
/// <param name="Lowest">Smallest place of a sensor, by <see cref="SensorSplit"/>.</param>
/// <param name="Highest">Largest place.</param>
internal readonly record struct VersionUse(string Version, double Lowest, double Highest)
{
    public VersionUse With(double lowest, double highest) => this with { Lowest = Math.Min(Lowest, lowest), Highest = Math.Max(Highest, highest) };
}

/// <summary>From this record on the profile's readings were scored so.</summary>
/// <param name="Versions">One; or the shadow of an A/B split and then its champion.</param>
internal sealed record ModelChange(PartitionKey Partition, long Offset, string Profile, ImmutableArray<VersionUse> Versions)
{
    public string Champion => Versions[^1].Version;
}
