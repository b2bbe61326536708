using System.Text;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Web.Security;
using IotAnalytics.Web.Security.Audit;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>POST /readings</c>: one object, an array or NDJSON, durable when it is answered.</summary>
internal static class ReadingEndpoints
{
    private const string RecordTimeHeader = "Iot-Record-Time";
    private const string IdempotencyHeader = "Idempotency-Key";
    private static readonly TimeSpan RetryWhenFull = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetryWhenUnavailable = TimeSpan.FromSeconds(2);

    public static void MapReadings(this IEndpointRouteBuilder api) => api.MapPost("/readings", PostAsync)
        .RequireScope(Scopes.Device)
        .WithTags("Readings")
        .WithSummary("Send readings: one object, an array, or NDJSON; gzip accepted")
        .WithDescription("Answered when the readings are durable. With some bad readings it is accepted for the good ones; with none that can be read it is refused. "
            + $"`{IdempotencyHeader}` (1-200 visible characters, remembered 24 h) makes a repetition harmless. "
            + $"`{RecordTimeHeader}: event` loads history: the record time is the newest event time of the body.")
        .WithMetadata(ReadingContent.Described)
        .Produces<AcceptedReadings>(StatusCodes.Status202Accepted)
        // The body is counted here while it is read: the server's own limit would cut the connection where an answer can still be given.
        .WithMetadata(new DisableRequestSizeLimitAttribute());

    private static async Task<IResult> PostAsync(
        HttpContext context, ReadingIngestor ingestor, PipelineMonitor pipeline, EventTimeAudit audit, IOptions<LimitsOptions> limits, CancellationToken cancellationToken)
    {
        if (pipeline.Impediment is { } reason)
        {
            return new Problem(StatusCodes.Status503ServiceUnavailable, "pipeline_paused", $"Readings cannot be processed now: {reason}") { RetryAfter = RetryWhenUnavailable };
        }

        var request = context.Request;
        if (ReadingContent.Refuse(request) is { } unsupported)
        {
            return unsupported;
        }

        if (RecordTimeFromEvents(context, out var fromEvents) is { } refused)
        {
            return refused;
        }

        if (fromEvents)
        {
            await audit.TellAsync(Actor.Of(context), cancellationToken);
        }

        var key = request.Headers.TryGetValue(IdempotencyHeader, out var given) ? given.ToString() : null;
        var body = await RequestBody.ReadAsync(request, limits.Value.MaxBodyBytes, cancellationToken);
        try
        {
            var result = await ingestor.IngestAsync(body.Bytes, key, fromEvents, cancellationToken);
            body.Dispose();
            return Answer(result, limits.Value);
        }
        catch (LogFullException e)
        {
            body.Dispose();
            return new Problem(StatusCodes.Status429TooManyRequests, "log_full", e.Message) { RetryAfter = RetryWhenFull };
        }
        catch (RecordTooLargeException e)
        {
            body.Dispose();
            return new Problem(StatusCodes.Status413PayloadTooLarge, "record_too_large", $"{e.Message} Send the readings in smaller bodies.");
        }
        catch (LogUnavailableException e)
        {
            body.Dispose();
            return new Problem(StatusCodes.Status503ServiceUnavailable, "log_unavailable", e.Message) { RetryAfter = RetryWhenUnavailable };
        }

        // After any other end, above all a cancelled one, the log may still read the buffer: it is left to the garbage collector.
    }

    private static Problem? RecordTimeFromEvents(HttpContext context, out bool fromEvents)
    {
        fromEvents = false;
        if (!context.Request.Headers.TryGetValue(RecordTimeHeader, out var value))
        {
            return null;
        }

        if (value != "event")
        {
            var check = new QueryCheck();
            check.Refuse(RecordTimeHeader, value.ToString(), "event");
            return check.Problem;
        }

        if (!context.User.IsInRole(Scopes.Administrator))
        {
            return ScopeRefusal.Of(context.User, $"{RecordTimeHeader}: event", Scopes.Administrator);
        }

        fromEvents = true;
        return null;
    }

    private static IResult Answer(IngestResult result, LimitsOptions limits) => result.Kind switch
    {
        IngestKind.Accepted => TypedResults.Text(result.AnswerJson, "application/json", Encoding.UTF8, StatusCodes.Status202Accepted),
        IngestKind.Refused => NothingReadable(result.Rejected, result.RejectedTotal),
        IngestKind.InvalidKey => new Problem(
            StatusCodes.Status400BadRequest, "invalid_idempotency_key", $"{IdempotencyHeader}: accepted 1 to 200 visible ASCII characters."),
        IngestKind.Conflict => new Problem(
            StatusCodes.Status409Conflict, "idempotency_conflict", $"This {IdempotencyHeader} was used with another body."),
        IngestKind.RecordTimeNotKept => new Problem(
            StatusCodes.Status409Conflict, "record_time_not_kept",
            $"{RecordTimeHeader}: the Kafka topic keeps the time of arrival (message.timestamp.type is LogAppendTime); history needs a topic with CreateTime."),
        IngestKind.BodyTooLarge => new Problem(
            StatusCodes.Status413PayloadTooLarge, "body_too_large", $"The body has more than {limits.MaxBodyBytes} bytes (Limits:MaxBodyBytes)."),
        _ => TooManyReadings(limits),
    };

    public static Problem NothingReadable(IReadOnlyList<RejectedReading> rejected, int total) => new(
        StatusCodes.Status400BadRequest, "no_readable_reading", $"None of {total} could be read; nothing was stored.")
    {
        Errors = [.. rejected.Take(IngestResult.MaxRejectedShown).Select(r => new ProblemError(r.Field, Index: r.Index, Reason: r.Reason, Detail: r.Detail))],
    };

    public static Problem TooManyReadings(LimitsOptions limits) => new(
        StatusCodes.Status422UnprocessableEntity, "too_many_readings",
        $"The body has more than {limits.MaxReadingsPerRequest} readings (Limits:MaxReadingsPerRequest); send it in parts.");
}

/// <summary>Which bodies are readings: JSON or NDJSON in UTF-8.</summary>
internal static class ReadingContent
{
    public const string Json = "application/json";
    public const string Ndjson = "application/x-ndjson";

    /// <summary>Marks an operation whose body is readings, for the API's description. Not "accepts" metadata, by which routing would
    /// refuse other types before anybody is asked for a key, and without saying what is accepted.</summary>
    public static object Described { get; } = new();

    /// <summary>Why the content type is refused, or null. The body alone tells an object, an array and lines apart: either type may bring any.</summary>
    public static Problem? Refuse(HttpRequest request)
    {
        var text = request.ContentType;

        // Nearly every request: no parsing.
        if (text is Json or Ndjson)
        {
            return null;
        }

        if (MediaTypeHeaderValue.TryParse(text, out var type)
            && type.MediaType.Value?.ToLowerInvariant() is Json or Ndjson or "application/ndjson" or "application/jsonl"
            && (!type.Charset.HasValue || type.Charset.Value.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
        {
            return null;
        }

        return new Problem(
            StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type",
            $"Content-Type '{text}': accepted {Json} or {Ndjson}, in UTF-8.");
    }
}

/// <summary>The readings are durable.</summary>
/// <param name="Accepted">Readings that will reach silver, gold or the duplicates.</param>
/// <param name="Rejected">The first bad ones; they become dead letters.</param>
/// <param name="RejectedTotal">All bad ones.</param>
/// <param name="Position"><c>partition-offset</c> in the log; several separated by commas.</param>
public sealed record AcceptedReadings(int Accepted, IReadOnlyList<RejectedReading> Rejected, int RejectedTotal, string Position);
