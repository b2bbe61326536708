using IotAnalytics.Core.Lake.Reconcile;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
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
                var models = new List<ModelSnapshot>();
                foreach (var version in use.Versions)
                {
                    models.Add(await loadModel(use.Profile, version.Version, cancellationToken).ConfigureAwait(false));
                }

                changed = With(changed, configured, use, models);
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

    /// <summary>The plan with these models for their profile; the same plan where it gives the rows their models already. Rows do not tell of a shadow that decided none of them.</summary>
    private static ScoringPlan With(ScoringPlan plan, ScoringPlan configured, ModelChange use, List<ModelSnapshot> models)
    {
        var champion = models[^1];
        var (profile, now) = (plan.Profiles.FirstOrDefault(p => p.Name == champion.Name), configured.Profiles.FirstOrDefault(p => p.Name == champion.Name));
        if (now is not null && (profile is null || ModelFit.Mismatch(champion, profile) is not null) && ModelFit.Mismatch(champion, now) is null)
        {
            plan = plan with { Rules = configured.Rules, Profiles = [.. plan.Profiles.Where(p => p.Name != champion.Name).Append(now).OrderBy(p => p.Name, StringComparer.Ordinal)] };
        }

        if (plan.Models.Any(m => m.Profile == champion.Name && Explains(m, use)))
        {
            return plan;
        }

        var planned = configured.Models.FirstOrDefault(m => m.Profile == champion.Name && Explains(m, use))
            ?? new PlannedModel(
                champion.Name, champion.Version, champion.Sha256, champion.Threshold,
                models.Count == 1 ? null : new PlannedShadow(models[0].Version, models[0].Sha256, models[0].Threshold, Math.Min(use.Versions[^1].Lowest, SensorSplit.MostShare)));
        return plan with { Models = [.. plan.Models.Where(m => m.Profile != champion.Name).Append(planned).OrderBy(m => m.Profile, StringComparer.Ordinal)] };
    }

    private static bool Explains(PlannedModel planned, ModelChange use) => use.Versions.All(v => v.Version == planned.Version
        ? planned.Shadow is not { } beside || v.Lowest >= beside.Share
        : planned.Shadow is { } shadow && v.Version == shadow.Version && v.Highest < shadow.Share);
}
