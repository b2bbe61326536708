using System.Data.Common;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Security;
using IotAnalytics.Web.Security.Audit;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>PUT /anomalies/{id}/verdict</c>: what people found out about an anomaly. Replay never reads it.</summary>
internal static class VerdictEndpoints
{
    private static readonly string[] Fields = ["verdict"];
    private static readonly string Accepted = $"{string.Join(", ", Verdicts.All)}, or null to take it back";

    public static void MapVerdicts(this IEndpointRouteBuilder api) => api
        .MapPut("/anomalies/{id}/verdict", PutAsync).RequireScope(Scopes.Operator).WithTags("Anomalies")
        .WithSummary("Say whether an anomaly was one")
        .WithDescription($"`verdict`: {Accepted}. Counts in the precision of the model version; a confirmed anomaly is not learned from.")
        .WithMetadata(new DescribedBody(typeof(SetVerdictRequest)))
        .Produces<AnomalyResponse>();

    private static async Task<IResult> PutAsync(
        HttpContext http, string id, DatabaseWriter writer, DatabaseReader reader, TimeProvider time, CancellationToken cancellationToken)
    {
        if (ReadingId.Parse(id) is not { Item: { } item } reading)
        {
            return ReadingId.Refuse("id", id, ReadingId.OfItem);
        }

        var check = new QueryCheck();
        var fields = await JsonFields.ReadAsync(http.Request, check, Fields, cancellationToken);
        var verdict = check.OneOf("verdict", fields.Text("verdict", Accepted, isRequired: !fields.IsNull("verdict")), Verdicts.All);
        if (check.Problem is { } problem)
        {
            return problem;
        }

        var actor = Actor.Of(http);
        if (!await writer.WriteAsync(transaction => Set(transaction, reading, item, verdict, actor, time.GetUtcNow()), cancellationToken))
        {
            return AnomalyEndpoints.NotFound(id);
        }

        return TypedResults.Ok(await reader.ReadAsync(transaction => AnomalyRows.Find(transaction, reading), cancellationToken));
    }

    /// <summary>False when there is no such anomaly. The same verdict again changes nothing: the first who gave it stays.</summary>
    private static bool Set(DbTransaction transaction, ReadingId reading, int item, string? verdict, Actor actor, DateTimeOffset now)
    {
        const string Where = "WHERE source_id = @source AND partition = @partition AND record_offset = @offset AND item = @item";
        using var query = transaction.Query(
            $"SELECT verdict FROM anomaly {Where}{transaction.ForUpdate()}",
            ("@source", reading.Source), ("@partition", reading.Partition), ("@offset", reading.Offset), ("@item", item));
        string? before;
        using (var row = query.ExecuteReader())
        {
            if (!row.Read())
            {
                return false;
            }

            before = row.IsDBNull(0) ? null : row.GetString(0);
        }

        if (verdict == before)
        {
            return true;
        }

        transaction.Execute(
            $"UPDATE anomaly SET verdict = @verdict, verdict_by = @by, verdict_at = @at {Where}",
            ("@verdict", verdict), ("@by", verdict is null ? null : actor.Name), ("@at", verdict is null ? null : DbTime.From(now)),
            ("@source", reading.Source), ("@partition", reading.Partition), ("@offset", reading.Offset), ("@item", item));
        AuditLog.Append(
            transaction, now, actor, AuditActions.AnomalyVerdictSet, $"anomaly/{reading.Source}-{reading.Partition}-{reading.Offset}-{item}",
            new { Verdict = before }, new { Verdict = verdict });
        return true;
    }
}

/// <summary>What somebody found out about an anomaly.</summary>
/// <param name="Verdict"><c>confirmed</c>: something was wrong there; <c>dismissed</c>: a false alarm; null: not judged any more.</param>
public sealed record SetVerdictRequest(string? Verdict);
