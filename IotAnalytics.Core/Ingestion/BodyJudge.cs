using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Ingestion;

/// <summary>Judges a body with the pipeline's own parser, so that both name the same readings bad. Keeps its buffers from body to body: a good reading
/// costs no allocation. One thread at a time.</summary>
internal sealed class BodyJudge(ProfileCatalog catalog, ReadingRules rules) : IDisposable
{
    private const int InitialRows = 1_024;

    private readonly ReadingParser _parser = new(catalog, rules);
    private readonly RecordBatch _records = new();
    private readonly MicroBatch _batch = new(catalog.Measurements.Length, InitialRows);

    /// <summary>The readings of the last body.</summary>
    public MicroBatch Batch => _batch;

    /// <summary>Good readings of the last body.</summary>
    public int Accepted => _batch.RowCount;

    public int Rejected => _batch.DeadLetters.Count;

    /// <summary>The last body has more items than a record may hold; they were not counted.</summary>
    public bool HasTooManyItems => Rejected == 1 && _batch.DeadLetters[0].Reason == DeadLetterReasons.TooManyItems;

    /// <param name="nowMs">The record time by the host's clock, Unix milliseconds.</param>
    public void Judge(ReadOnlySpan<byte> body, long nowMs)
    {
        _records.Clear();
        body.CopyTo(_records.Add(offset: 0, nowMs, body.Length, key: [], headers: null));
        _parser.Parse(_records, firstRecord: 0, long.MaxValue, int.MaxValue, _batch);
    }

    /// <summary>The newest event time among the good readings, or <paramref name="nowMs"/> when that is earlier: so the time window that the pipeline
    /// derives from it has the same good readings as the one judged by the host's clock.</summary>
    public long NewestEventMs(long nowMs)
    {
        var newest = long.MinValue;
        foreach (var eventMs in _batch.EventMs.AsSpan(0, _batch.RowCount))
        {
            newest = Math.Max(newest, eventMs);
        }

        return Math.Min(newest, nowMs);
    }

    /// <summary>The first bad readings, by index.</summary>
    public IReadOnlyList<RejectedReading> ListRejected()
    {
        var deadLetters = _batch.DeadLetters;
        if (deadLetters.Count == 0)
        {
            return [];
        }

        deadLetters.Sort(static (a, b) => a.Item.CompareTo(b.Item));
        var listed = new RejectedReading[Math.Min(deadLetters.Count, IngestResult.MaxRejectedShown)];
        for (var i = 0; i < listed.Length; i++)
        {
            var letter = deadLetters[i];
            listed[i] = new RejectedReading(letter.Item, letter.Field, letter.Reason, letter.Detail);
        }

        return listed;
    }

    public void CountRejected()
    {
        foreach (var letter in _batch.DeadLetters)
        {
            IngestionMeters.Rejected.Add(1, new KeyValuePair<string, object?>("reason", letter.Reason));
        }
    }

    public void Dispose() => _records.Dispose();
}
