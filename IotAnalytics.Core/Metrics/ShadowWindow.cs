using System.Data.Common;
using System.Runtime.InteropServices;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Metrics;

/// <summary>Champion and shadow on the same rows by profile and minute of record time, gathered between two commits. Additive. Not thread-safe.</summary>
internal sealed class ShadowWindow
{
    private static readonly RowColumn[] Columns =
    [
        new("profile", RowType.Text), new("bucket_start", RowType.Time), new("source_id", RowType.Int32), new("partition", RowType.Int32),
        new("champion_version", RowType.Text), new("shadow_version", RowType.Text), new("both", RowType.Int64), new("champion_only", RowType.Int64),
        new("shadow_only", RowType.Int64), new("neither", RowType.Int64), new("champion_nanoseconds", RowType.Int64), new("shadow_nanoseconds", RowType.Int64),
    ];

    private readonly Dictionary<(int Profile, long Minute, string Champion, string Shadow), PairedMinute> _cells = [];

    /// <summary>Adds what a batch counted.</summary>
    public void Add(List<PairedMinute> paired)
    {
        foreach (ref readonly var minute in CollectionsMarshal.AsSpan(paired))
        {
            ref var cell = ref CollectionsMarshal.GetValueRefOrAddDefault(_cells, (minute.Profile, minute.Minute, minute.Champion, minute.Shadow), out _);
            cell.Both += minute.Both;
            cell.ChampionOnly += minute.ChampionOnly;
            cell.ShadowOnly += minute.ShadowOnly;
            cell.Neither += minute.Neither;
            cell.ChampionNanoseconds += minute.ChampionNanoseconds;
            cell.ShadowNanoseconds += minute.ShadowNanoseconds;
        }
    }

    /// <summary>Adds the cells to <c>shadow_minute</c>; part of T1.</summary>
    public void Write(DbTransaction transaction, int sourceId, int partition, ProfileCatalog catalog)
    {
        if (_cells.Count == 0)
        {
            return;
        }

        using var rows = RowWriter.Statement(
            transaction,
            """
            INSERT INTO shadow_minute AS m (profile, bucket_start, source_id, partition, champion_version, shadow_version, "both", champion_only, shadow_only, neither,
              champion_nanoseconds, shadow_nanoseconds)
            {values}
            ON CONFLICT (bucket_start, profile, shadow_version, champion_version, source_id, partition) DO UPDATE SET "both" = m."both" + excluded."both",
              champion_only = m.champion_only + excluded.champion_only, shadow_only = m.shadow_only + excluded.shadow_only, neither = m.neither + excluded.neither,
              champion_nanoseconds = m.champion_nanoseconds + excluded.champion_nanoseconds, shadow_nanoseconds = m.shadow_nanoseconds + excluded.shadow_nanoseconds
            """,
            Columns);
        foreach (var ((profile, minute, champion, shadow), c) in _cells.OrderBy(c => c.Key.Minute).ThenBy(c => c.Key.Profile))
        {
            rows.Add(
                catalog.Profiles[profile].Name, new DbTime(minute * 60_000), sourceId, partition, champion, shadow,
                c.Both, c.ChampionOnly, c.ShadowOnly, c.Neither, c.ChampionNanoseconds, c.ShadowNanoseconds);
        }

        rows.Complete();
    }

    public void Clear() => _cells.Clear();
}
