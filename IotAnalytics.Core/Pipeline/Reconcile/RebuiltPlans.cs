using IotAnalytics.Core.Lake.Reconcile;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Pipeline.Reconcile;

/// <summary>
/// The scoring plans of a range whose assignments the database has lost. Below its fast offset it still has them; from there on the rows of
/// the lake name the model that scored them, and where a model does not fit the profile any more, the configuration has changed with it.
/// </summary>
internal sealed class RebuiltPlans(PlanStore plans, CurrentPlan current, DatabaseWriter writer, ModelLoader loadModel)
{
    /// <summary>The plans from <paramref name="from"/> on; those that are new are put in force at their offsets.</summary>
    /// <param name="claim">Its fast offset: nothing below changes.</param>
    public async Task<PlanSchedule> MakeAsync(PartitionClaim claim, long from, IEnumerable<ModelChange> changes, CancellationToken cancellationToken)
    {
        var configured = (await current.MakeAsync(previous: null, cancellationToken).ConfigureAwait(false)).Plan;
        var stored = await plans.ReadAsync(claim.SourceId, claim.Partition, from, cancellationToken).ConfigureAwait(false);
        var schedule = stored.ToBuilder();
        foreach (var change in changes.GroupBy(c => c.Offset).OrderBy(g => g.Key))
        {
            var isFirst = schedule.Count == 0;
            var plan = isFirst ? configured : schedule.Last(a => a.FromOffset <= change.Key || a == schedule[0]).Plan;
            var changed = plan;
            foreach (var use in change)
            {
                changed = With(changed, configured, await loadModel(use.Profile, use.Version, cancellationToken).ConfigureAwait(false));
            }

            if (isFirst || changed != plan)
            {
                var id = await plans.SaveAsync(changed, cancellationToken).ConfigureAwait(false);
                schedule.Add(new PlanAssignment(isFirst ? claim.Offsets.Fast : change.Key, id, changed));
                schedule.Sort((a, b) => a.FromOffset.CompareTo(b.FromOffset));
            }
        }

        if (schedule.Count == 0)
        {
            schedule.Add(new PlanAssignment(claim.Offsets.Fast, await plans.SaveAsync(configured, cancellationToken).ConfigureAwait(false), configured));
        }

        await writer.WriteAsync(
            transaction =>
            {
                foreach (var assignment in schedule.Except(stored))
                {
                    transaction.Execute(
                        "INSERT INTO scoring_assignment (source_id, partition, from_offset, plan_id) VALUES (@s, @p, @from, @plan) ON CONFLICT DO NOTHING",
                        ("@s", claim.SourceId), ("@p", claim.Partition), ("@from", assignment.FromOffset), ("@plan", assignment.PlanId));
                }
            },
            cancellationToken).ConfigureAwait(false);
        return new PlanSchedule(schedule.ToImmutable(), schedule[^1].PlanId, schedule[^1].Plan, claim.Offsets.Fast);
    }

    /// <summary>The plan with this model for its profile; the same plan where it has it already.</summary>
    private static ScoringPlan With(ScoringPlan plan, ScoringPlan configured, ModelSnapshot model)
    {
        var (profile, now) = (plan.Profiles.FirstOrDefault(p => p.Name == model.Name), configured.Profiles.FirstOrDefault(p => p.Name == model.Name));
        if (now is not null && (profile is null || ModelFit.Mismatch(model, profile) is not null) && ModelFit.Mismatch(model, now) is null)
        {
            plan = plan with { Rules = configured.Rules, Profiles = [.. plan.Profiles.Where(p => p.Name != model.Name).Append(now).OrderBy(p => p.Name, StringComparer.Ordinal)] };
        }

        return plan.Models.Any(m => m.Profile == model.Name && m.Version == model.Version)
            ? plan
            : plan with
            {
                Models =
                [
                    .. plan.Models.Where(m => m.Profile != model.Name).Append(new PlannedModel(model.Name, model.Version, model.Sha256, model.Threshold))
                        .OrderBy(m => m.Profile, StringComparer.Ordinal),
                ],
            };
    }
}
