using System.Data.Common;
using System.Text.Json;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Endpoints;

namespace IotAnalytics.Web.Security.Audit;

/// <summary>What is audited; names are stable.</summary>
internal static class AuditActions
{
    public const string AdministratorKeyCreated = "administrator_key_created";
    public const string AnomalyVerdictSet = "anomaly_verdict_set";
    public const string ApiKeyCreated = "api_key_created";
    public const string ApiKeyRevoked = "api_key_revoked";
    public const string CandidateJudged = "candidate_judged";
    public const string EventTimeLoad = "event_time_load";
    public const string LoginLinkUsed = "login_link_used";
    public const string ModelChampionSet = "model_champion_set";
    public const string ModelShadowSet = "model_shadow_set";
    public const string TrainingExclusionAdded = "training_exclusion_added";
    public const string TrainingExclusionRemoved = "training_exclusion_removed";
    public const string TrainingRunCancelled = "training_run_cancelled";
    public const string TrainingRunQueued = "training_run_queued";

    public static string[] All { get; } =
    [
        AdministratorKeyCreated, AnomalyVerdictSet, ApiKeyCreated, ApiKeyRevoked, CandidateJudged, EventTimeLoad, LoginLinkUsed, ModelChampionSet, ModelShadowSet,
        TrainingExclusionAdded, TrainingExclusionRemoved, TrainingRunCancelled, TrainingRunQueued,
    ];
}

/// <summary>Adds to the audit log within the transaction of the change that is told: one is never there without the other.</summary>
internal static class AuditLog
{
    /// <param name="before">Written as JSON; null where there was nothing. Never with a secret.</param>
    /// <param name="after">The same for afterwards.</param>
    public static void Append(DbTransaction transaction, DateTimeOffset at, Actor actor, string action, string target, object? before, object? after) =>
        transaction.Execute(
            """
            INSERT INTO audit_entry (at, actor, actor_key_id, source, action, target, "before", "after", trace_id)
            VALUES (@at, @actor, @key, @source, @action, @target, @before, @after, @trace)
            """,
            ("@at", DbTime.From(at)), ("@actor", actor.Name), ("@key", actor.KeyId), ("@source", actor.Source), ("@action", action),
            ("@target", target), ("@before", Json(before)), ("@after", Json(after)), ("@trace", actor.TraceId));

    private static string? Json(object? value) => value is null ? null : JsonSerializer.Serialize(value, ApiJson.Options);
}
