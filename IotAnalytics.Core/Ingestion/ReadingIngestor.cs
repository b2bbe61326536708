using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Readings;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Ingestion;

/// <summary>
/// Where readings enter: judges a body and appends its bytes, as received, to the commit log. With some bad readings the body is accepted for the good
/// ones (the bad ones become dead letters in the pipeline); without a good one it is refused and nothing is stored. Safe to call from many threads.
/// </summary>
internal sealed class ReadingIngestor(ICommitLog log, ProfileCatalog catalog, ReadingRules rules, IOptions<LimitsOptions> limits, TimeProvider time)
    : IDisposable
{
    // As many as ever judged at the same time, which is at most the number of busy threads.
    private readonly ConcurrentBag<BodyJudge> _judges = [];

    /// <param name="body">One object, an array, or NDJSON; must not change until this returns.</param>
    /// <param name="idempotencyKey">The header's value, or null.</param>
    /// <param name="recordTimeFromEvents">History is loaded: the record time is the newest event time of the good readings (never after now).</param>
    /// <exception cref="LogFullException">HTTP 429.</exception>
    /// <exception cref="LogUnavailableException">HTTP 503; nothing was stored, or nobody can know (see <see cref="ICommitLog.AppendAsync"/>).</exception>
    public async ValueTask<IngestResult> IngestAsync(
        ReadOnlyMemory<byte> body, string? idempotencyKey, bool recordTimeFromEvents, CancellationToken cancellationToken)
    {
        if (idempotencyKey is not null && !IdempotencyKey.IsValid(idempotencyKey))
        {
            return Refuse(IngestKind.InvalidKey);
        }

        if (recordTimeFromEvents && !log.KeepsRecordTime)
        {
            return Refuse(IngestKind.RecordTimeNotKept);
        }

        if (body.Length > limits.Value.MaxBodyBytes)
        {
            return Refuse(IngestKind.BodyTooLarge);
        }

        var hash = "";
        if (idempotencyKey is not null)
        {
            hash = IdempotencyKey.Sha256(body.Span);
            if (await log.FindRequestAsync(idempotencyKey, cancellationToken).ConfigureAwait(false) is { } earlier)
            {
                return Repeat(earlier, hash);
            }
        }

        if (Judge(body, recordTimeFromEvents, out var verdict) is { } refusal)
        {
            return refusal;
        }

        try
        {
            var answer = IngestAnswer.WithoutPosition(verdict.Accepted, verdict.Rejected, verdict.RejectedTotal);
            var request = idempotencyKey is null ? null : new IdempotentRequest(idempotencyKey, hash, answer, []);
            var started = Stopwatch.GetTimestamp();
            var appended = await log.AppendAsync(verdict.Records, request, cancellationToken).ConfigureAwait(false);
            if (appended.Earlier is not null)
            {
                return Repeat(appended.Earlier, hash);
            }

            IngestionMeters.AppendSeconds.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
            IngestionMeters.Accepted.Add(verdict.Accepted);
            IngestionMeters.Bytes.Add(body.Length);
            return new IngestResult(
                IngestKind.Accepted, verdict.Accepted, verdict.Rejected, verdict.RejectedTotal, appended.Positions,
                IngestAnswer.WithPosition(answer, appended.Positions), IsRepeat: false);
        }
        finally
        {
            if (verdict.Rented is not null)
            {
                ArrayPool<byte>.Shared.Return(verdict.Rented);
            }
        }
    }

    public void Dispose()
    {
        while (_judges.TryTake(out var judge))
        {
            judge.Dispose();
        }
    }

    /// <summary>Null and a verdict when there is something to append, else why not.</summary>
    private IngestResult? Judge(ReadOnlyMemory<byte> body, bool recordTimeFromEvents, out Verdict verdict)
    {
        verdict = default;
        var judge = _judges.TryTake(out var idle) ? idle : new BodyJudge(catalog, rules);
        try
        {
            // Taken before the validation and stored with the record: the pipeline will judge by the same time.
            var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
            judge.Judge(body.Span, nowMs);
            if (judge.HasTooManyItems || judge.Accepted + judge.Rejected > limits.Value.MaxReadingsPerRequest)
            {
                return Refuse(IngestKind.TooManyReadings);
            }

            judge.CountRejected();
            var rejected = judge.ListRejected();
            if (judge.Accepted == 0)
            {
                return Refuse(IngestKind.Refused) with { Rejected = rejected, RejectedTotal = judge.Rejected };
            }

            var recordTimeMs = recordTimeFromEvents ? judge.NewestEventMs(nowMs) : nowMs;
            byte[]? rented = null;
            IReadOnlyList<LogRecord> records = log.PartitionCount == 1
                ? [new LogRecord(0, recordTimeMs, body)]
                : BodyDivider.Divide(judge.Batch, log.PartitionCount, recordTimeMs, out rented);
            verdict = new Verdict(records, judge.Accepted, rejected, judge.Rejected, rented);
            return null;
        }
        finally
        {
            _judges.Add(judge);
        }
    }

    private static IngestResult Repeat(IdempotentRequest earlier, string hash)
    {
        if (earlier.BodySha256 != hash)
        {
            return Refuse(IngestKind.Conflict);
        }

        IngestionMeters.Repeated.Add(1);
        return new IngestResult(IngestKind.Accepted, 0, [], 0, earlier.Positions, IngestAnswer.WithPosition(earlier.Answer, earlier.Positions), IsRepeat: true);
    }

    private static IngestResult Refuse(IngestKind kind)
    {
        IngestionMeters.Refused.Add(1, new KeyValuePair<string, object?>("kind", kind.ToString()));
        return new IngestResult(kind, 0, [], 0, [], null, IsRepeat: false);
    }

    private readonly record struct Verdict(
        IReadOnlyList<LogRecord> Records, int Accepted, IReadOnlyList<RejectedReading> Rejected, int RejectedTotal, byte[]? Rented);
}
