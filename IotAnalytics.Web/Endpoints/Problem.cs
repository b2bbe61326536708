using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.Json.Serialization;
using IotAnalytics.Core.Diagnostics;
using Microsoft.AspNetCore.WebUtilities;

namespace IotAnalytics.Web.Endpoints;

/// <summary>A refusal as RFC 9457 problem details with a stable <c>code</c>; every one is counted by its code.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="code">snake_case, for programs; the list is in the REST page.</param>
/// <param name="detail">For people: what is wrong and what is accepted.</param>
internal sealed class Problem(int status, string code, string detail) : IResult
{
    public const string ContentType = "application/problem+json";
    private static readonly Counter<long> Refused = IotMeter.Instance.CreateCounter<long>(
        "iot.http.refused", "{request}", "Requests refused or failed, by problem code.");

    public int Status => status;

    public IReadOnlyList<ProblemError> Errors { get; init; } = [];

    /// <summary>When to try again.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Counts a refusal that is answered in another form.</summary>
    public static void Count(string code) => Refused.Add(1, new KeyValuePair<string, object?>("code", code));

    public Task ExecuteAsync(HttpContext httpContext)
    {
        Count(code);
        var response = httpContext.Response;
        response.StatusCode = status;
        if (RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        var body = new ProblemBody(
            "about:blank", ReasonPhrases.GetReasonPhrase(status), status, code, detail, Errors.Count == 0 ? null : Errors, TraceId(httpContext));
        return response.WriteAsJsonAsync(body, ApiJson.Options, ContentType, httpContext.RequestAborted);
    }

    /// <summary>Joins an answer with the log lines about it.</summary>
    public static string TraceId(HttpContext context) => Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;
}

/// <summary>The body of every refusal.</summary>
/// <param name="Code">Stable name of the reason.</param>
/// <param name="Errors">What exactly, one entry per field or reading.</param>
/// <param name="TraceId">Quote it when asking the operator.</param>
public sealed record ProblemBody(
    string Type, string Title, int Status, string Code, string Detail,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ProblemError>? Errors, string TraceId);

/// <summary>One thing wrong.</summary>
/// <param name="Field">The parameter or field.</param>
/// <param name="Value">What was given.</param>
/// <param name="Accepted">What would be accepted.</param>
/// <param name="Index">Position of the reading in the body.</param>
/// <param name="Reason">Stable name of the reason, for readings.</param>
/// <param name="Detail">The reason in words, for readings.</param>
public sealed record ProblemError(
    string Field,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Value = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Accepted = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Index = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Detail = null);
