using System.Collections.Immutable;
using System.Data.Common;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Pipeline;

/// <summary>Which scoring plan was in force from which offset of a partition.</summary>
internal sealed class PlanStore(DatabaseWriter writer, TimeProvider time)
{
    /// <summary>Keeps a plan; returns its id.</summary>
    public async Task<string> SaveAsync(ScoringPlan plan, CancellationToken cancellationToken)
    {
        var content = plan.ToJson();
        var id = ScoringPlan.IdOf(content);
        await writer.WriteAsync(
            transaction => transaction.Execute(
                "INSERT INTO scoring_plan (plan_id, content, created_at) VALUES (@id, @content, @now) ON CONFLICT DO NOTHING",
                ("@id", id), ("@content", content), ("@now", DbTime.From(time.GetUtcNow()))),
            cancellationToken).ConfigureAwait(false);
        return id;
    }

    /// <summary>The assignments that matter from <paramref name="lakeOffset"/> on: the one in force there, and all later ones, by offset.</summary>
    public Task<ImmutableArray<PlanAssignment>> ReadAsync(int sourceId, int partition, long lakeOffset, CancellationToken cancellationToken) => writer.WriteAsync(
        transaction =>
        {
            using var command = transaction.Query(
                """
                SELECT a.from_offset, a.plan_id, p.content FROM scoring_assignment a JOIN scoring_plan p ON p.plan_id = a.plan_id
                WHERE a.source_id = @s AND a.partition = @p AND a.from_offset >= coalesce((SELECT max(from_offset) FROM scoring_assignment
                    WHERE source_id = @s AND partition = @p AND from_offset <= @lake), 0)
                ORDER BY a.from_offset
                """,
                ("@s", sourceId), ("@p", partition), ("@lake", lakeOffset));
            using var reader = command.ExecuteReader();
            var assignments = ImmutableArray.CreateBuilder<PlanAssignment>();
            while (reader.Read())
            {
                assignments.Add(new PlanAssignment(reader.GetInt64(0), reader.GetString(1), ScoringPlan.FromJson(reader.GetString(2))));
            }

            return assignments.ToImmutable();
        },
        cancellationToken);

    /// <summary>Part of T1: a plan is put in force by the transaction that writes its first rows. One that was put in force at the very end of the T1 before
    /// has written none, and gives way.</summary>
    public static void Assign(DbTransaction transaction, PartitionClaim claim, PlanAssignment assignment) => transaction.Execute(
        """
        INSERT INTO scoring_assignment (source_id, partition, from_offset, plan_id) VALUES (@s, @p, @from, @plan)
        ON CONFLICT (source_id, partition, from_offset) DO UPDATE SET plan_id = excluded.plan_id
        """,
        ("@s", claim.SourceId), ("@p", claim.Partition), ("@from", assignment.FromOffset), ("@plan", assignment.PlanId));
}

/// <summary>A plan in force from an offset on.</summary>
internal sealed record PlanAssignment(long FromOffset, string PlanId, ScoringPlan Plan);
