using System.Data.Common;
using System.Runtime.InteropServices;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Metrics;

/// <summary>Totals by profile and minute of record time, gathered between two commits. Additive. Not thread-safe.</summary>
internal sealed class TotalsWindow
{
    /// <summary>Profile of items that became no reading.</summary>
    public const int UnknownProfile = -1;

    private static readonly RowColumn[] Columns =
    [
        new("profile", RowType.Text), new("bucket_start", RowType.Time), new("source_id", RowType.Int32), new("partition", RowType.Int32),
        new("readings", RowType.Int64), new("normal", RowType.Int64), new("anomalies", RowType.Int64), new("dead_letters", RowType.Int64),
        new("duplicates", RowType.Int64), new("not_scored", RowType.Int64), new("late", RowType.Int64), new("score_sum", RowType.Double),
    ];

    private readonly Dictionary<(int Profile, long Minute), TotalsCell> _cells = [];
    private (int Profile, long Minute) _lastKey;
    private TotalsCell? _last;

    /// <summary>Sum over all cells.</summary>
    public PipelineTotals Sum { get; private set; }

    /// <summary>Counts every row and dead letter of the batch.</summary>
    public void Add(MicroBatch batch, SensorTable sensors)
    {
        var sum = new TotalsCell();
        var record = -1;
        long minute = 0;
        for (var row = 0; row < batch.RowCount; row++)
        {
            if (batch.Outcome[row] == RowOutcome.DeadLetter)
            {
                continue;
            }

            if (batch.Record[row] != record)
            {
                record = batch.Record[row];
                minute = batch.Records[record].RecordTimeMs / 60_000;
            }

            Of(sensors.ProfileOf(batch.Sensor[row]), minute).Count(batch.Outcome[row], batch.Flags[row], batch.Score[row]);
            sum.Count(batch.Outcome[row], batch.Flags[row], batch.Score[row]);
        }

        foreach (ref readonly var letter in CollectionsMarshal.AsSpan(batch.DeadLetters))
        {
            var time = batch.Records[letter.Record].RecordTimeMs;
            Of(UnknownProfile, time == LogRecordInfo.NoTime ? 0 : time / 60_000).DeadLetters++;
            sum.DeadLetters++;
        }

        Sum += new PipelineTotals(sum.Readings, sum.Normal, sum.Anomalies, sum.DeadLetters, sum.Duplicates, sum.NotScored, sum.Late);
    }

    /// <summary>Adds the cells to <c>pipeline_minute</c>; part of T1.</summary>
    public void Write(DbTransaction transaction, int sourceId, int partition, ProfileCatalog catalog)
    {
        using var rows = RowWriter.Statement(
            transaction,
            """
            INSERT INTO pipeline_minute AS m (profile, bucket_start, source_id, partition, readings, normal, anomalies, dead_letters, duplicates, not_scored, late, score_sum)
            {values}
            ON CONFLICT (bucket_start, profile, source_id, partition) DO UPDATE SET readings = m.readings + excluded.readings, normal = m.normal + excluded.normal,
              anomalies = m.anomalies + excluded.anomalies, dead_letters = m.dead_letters + excluded.dead_letters, duplicates = m.duplicates + excluded.duplicates,
              not_scored = m.not_scored + excluded.not_scored, late = m.late + excluded.late, score_sum = m.score_sum + excluded.score_sum
            """,
            Columns);
        foreach (var ((profile, minute), c) in _cells.OrderBy(c => c.Key.Minute).ThenBy(c => c.Key.Profile))
        {
            rows.Add(
                profile == UnknownProfile ? "" : catalog.Profiles[profile].Name, new DbTime(minute * 60_000), sourceId, partition,
                c.Readings, c.Normal, c.Anomalies, c.DeadLetters, c.Duplicates, c.NotScored, c.Late, c.ScoreSum);
        }

        rows.Complete();
    }

    public void Clear()
    {
        _cells.Clear();
        _last = null;
        Sum = default;
    }

    private TotalsCell Of(int profile, long minute)
    {
        if (_last is not null && _lastKey.Profile == profile && _lastKey.Minute == minute)
        {
            return _last;
        }

        _lastKey = (profile, minute);
        ref var cell = ref CollectionsMarshal.GetValueRefOrAddDefault(_cells, _lastKey, out _);
        return _last = cell ??= new TotalsCell();
    }

    private sealed class TotalsCell
    {
        public long Normal, Anomalies, DeadLetters, Duplicates, NotScored, Late;
        public double ScoreSum;

        public long Readings => Normal + Anomalies + DeadLetters + Duplicates;

        public void Count(RowOutcome outcome, ReadingFlags flags, double score)
        {
            if (outcome == RowOutcome.Duplicate)
            {
                Duplicates++;
                return;
            }

            if (outcome == RowOutcome.Anomaly)
            {
                Anomalies++;
            }
            else
            {
                Normal++;
            }

            if ((flags & ReadingFlags.NotScored) != 0)
            {
                NotScored++;
            }
            else
            {
                ScoreSum += score;
            }

            if ((flags & ReadingFlags.Late) != 0)
            {
                Late++;
            }
        }
    }
}
