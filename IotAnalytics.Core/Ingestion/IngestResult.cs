using IotAnalytics.Core.CommitLog;

namespace IotAnalytics.Core.Ingestion;

/// <summary>How an ingestion ended.</summary>
public enum IngestKind
{
    /// <summary>Durable in the log (HTTP 202).</summary>
    Accepted,

    /// <summary>Not one reading could be read; nothing was stored (400).</summary>
    Refused,

    /// <summary>The Idempotency-Key is not 1-200 visible ASCII characters (400).</summary>
    InvalidKey,

    /// <summary>The Idempotency-Key was used with another body (409).</summary>
    Conflict,

    /// <summary>The body has more than <c>Limits:MaxBodyBytes</c> (413).</summary>
    BodyTooLarge,

    /// <summary>The body has more readings than <c>Limits:MaxReadingsPerRequest</c> (422).</summary>
    TooManyReadings,

    /// <summary>History cannot be loaded: the log stamps records with the time of their arrival (409).</summary>
    RecordTimeNotKept,
}

/// <summary>What became of a body.</summary>
/// <param name="Kind">Only <see cref="IngestKind.Accepted"/> stored anything.</param>
/// <param name="Accepted">Readings accepted now; 0 when <paramref name="IsRepeat"/>.</param>
/// <param name="Rejected">The first bad readings, at most <see cref="MaxRejectedShown"/>, by index.</param>
/// <param name="RejectedTotal">All bad readings.</param>
/// <param name="Positions">Where the records are in the log; one, or one per partition touched.</param>
/// <param name="AnswerJson">The answer to an accepted request, byte for byte the same for a repeated one; null for the other kinds.</param>
/// <param name="IsRepeat">The answer is that of an earlier request with the same key and body; nothing was appended.</param>
public sealed record IngestResult(
    IngestKind Kind,
    int Accepted,
    IReadOnlyList<RejectedReading> Rejected,
    int RejectedTotal,
    IReadOnlyList<LogPosition> Positions,
    string? AnswerJson,
    bool IsRepeat)
{
    /// <summary>How many bad readings an answer lists; the rest is only counted.</summary>
    public const int MaxRejectedShown = 100;
}

/// <summary>A reading that was not accepted.</summary>
/// <param name="Index">Position in the body, from 0.</param>
/// <param name="Field">The field at fault, or empty for the reading as a whole.</param>
/// <param name="Reason">One of <see cref="Readings.DeadLetterReasons"/>.</param>
/// <param name="Detail">Field, value and what is accepted.</param>
public sealed record RejectedReading(int Index, string Field, string Reason, string Detail);
