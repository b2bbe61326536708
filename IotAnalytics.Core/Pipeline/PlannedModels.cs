using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Pipeline;

/// <summary>The models of a plan with their files, by profile.</summary>
internal sealed record PlannedModels(IReadOnlyDictionary<string, ModelSnapshot> Champions, IReadOnlyDictionary<string, ShadowModel> Shadows)
{
    public static async Task<PlannedModels> LoadAsync(ScoringPlan plan, ModelLoader load, CancellationToken cancellationToken)
    {
        var champions = new Dictionary<string, ModelSnapshot>(StringComparer.Ordinal);
        var shadows = new Dictionary<string, ShadowModel>(StringComparer.Ordinal);
        foreach (var planned in plan.Models)
        {
            champions[planned.Profile] = await load(planned.Profile, planned.Version, cancellationToken).ConfigureAwait(false);
            if (planned.Shadow is { } shadow)
            {
                shadows[planned.Profile] = new ShadowModel(await load(planned.Profile, shadow.Version, cancellationToken).ConfigureAwait(false), shadow.Share);
            }
        }

        return new PlannedModels(champions, shadows);
    }
}

/// <summary>A model that scores what the champion scores.</summary>
/// <param name="Share">Of the sensors that it decides.</param>
internal sealed record ShadowModel(ModelSnapshot Model, double Share);
