using System.Collections.Immutable;
using System.Data.Common;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Pipeline;

/// <summary>Makes the scoring plan that the configuration and the aliases of the models call for now.</summary>
internal sealed class CurrentPlan(ProfileCatalog catalog, ReadingRules rules, DatabaseReader reader, ModelLoader loadModel)
{
    /// <param name="previous">Its model stays in force where the champion cannot be used; null: that is an error.</param>
    /// <exception cref="DbException">The database does not answer.</exception>
    public async Task<MadePlan> MakeAsync(ScoringPlan? previous, CancellationToken cancellationToken)
    {
        var aliases = await reader.ReadAsync(ModelAliases.Read, cancellationToken).ConfigureAwait(false);
        var (planned, unusable) = (new List<PlannedModel>(), new List<UnusableModel>());
        foreach (var profile in catalog.Profiles)
        {
            if (aliases.FirstOrDefault(a => a.Name == profile.Name) is { Champion: { } champion } alias)
            {
                planned.Add(await PlanAsync(profile, champion, alias, previous, unusable, cancellationToken).ConfigureAwait(false));
            }
        }

        return new MadePlan(new ScoringPlan(ReadingParser.Version, MicroBatchPipeline.ScorerVersion, rules, catalog.Profiles, [.. planned]), aliases, [.. unusable]);
    }

    private async Task<PlannedModel> PlanAsync(
        SensorProfile profile, string champion, ModelAliases alias, ScoringPlan? previous, List<UnusableModel> unusable, CancellationToken cancellationToken)
    {
        ModelSnapshot model;
        try
        {
            model = await LoadAsync(profile, champion, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (OperationCanceledException or DbException) && previous?.Models.FirstOrDefault(m => m.Profile == profile.Name) is { } old)
        {
            unusable.Add(new UnusableModel(profile.Name, champion, e));
            _ = await LoadAsync(profile, old.Version, cancellationToken).ConfigureAwait(false);
            return old;
        }

        return new PlannedModel(
            profile.Name, model.Version, model.Sha256, model.Threshold, await PlanShadowAsync(profile, alias, unusable, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>A shadow that cannot be used must not hold back its champion.</summary>
    private async Task<PlannedShadow?> PlanShadowAsync(SensorProfile profile, ModelAliases alias, List<UnusableModel> unusable, CancellationToken cancellationToken)
    {
        if (alias.Shadow is not { } version || version == alias.Champion)
        {
            return null;
        }

        try
        {
            var shadow = await LoadAsync(profile, version, cancellationToken).ConfigureAwait(false);
            return new PlannedShadow(shadow.Version, shadow.Sha256, shadow.Threshold, alias.ShadowShare);
        }
        catch (Exception e) when (e is not (OperationCanceledException or DbException))
        {
            unusable.Add(new UnusableModel(profile.Name, version, e));
            return null;
        }
    }

    private async Task<ModelSnapshot> LoadAsync(SensorProfile profile, string version, CancellationToken cancellationToken)
    {
        var model = await loadModel(profile.Name, version, cancellationToken).ConfigureAwait(false);
        return ModelFit.Mismatch(model, profile) is { } reason ? throw new ModelFileException($"It does not fit the profile: {reason}.") : model;
    }
}

/// <summary>A plan, and what it was made from.</summary>
/// <param name="Unusable">Versions that an alias names and that the plan had to do without.</param>
internal sealed record MadePlan(ScoringPlan Plan, ImmutableArray<ModelAliases> Aliases, ImmutableArray<UnusableModel> Unusable);

/// <summary>A version that cannot be loaded, or does not fit its profile.</summary>
internal sealed record UnusableModel(string Name, string Version, Exception Reason);
