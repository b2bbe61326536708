using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Pipeline;

/// <summary>Makes the scoring plan that the configuration and the champions call for now.</summary>
internal sealed class CurrentPlan(ProfileCatalog catalog, ReadingRules rules, ModelRegistry models)
{
    public async Task<ScoringPlan> MakeAsync(CancellationToken cancellationToken)
    {
        var planned = new List<PlannedModel>();
        foreach (var profile in catalog.Profiles)
        {
            if (await models.GetChampionAsync(profile.Name, cancellationToken).ConfigureAwait(false) is { } model)
            {
                planned.Add(new PlannedModel(profile.Name, model.Version, model.Sha256, model.Threshold));
            }
        }

        return new ScoringPlan(ReadingParser.Version, MicroBatchPipeline.ScorerVersion, rules, catalog.Profiles, [.. planned]);
    }
}
