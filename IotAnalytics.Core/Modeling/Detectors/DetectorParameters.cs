using System.Collections.Immutable;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Detectors;

/// <summary>A detector's settings as the model card names them.</summary>
internal static class DetectorParameters
{
    public static ImmutableSortedDictionary<string, double> Of(IAnomalyDetector detector) => detector switch
    {
        IsolationForest forest => ForestParameters.Of(forest),
        ObliqueForest forest => ForestParameters.Of(forest),
        CombinedDetector combined => Of(combined),
        MewmaDetector mewma => ImmutableSortedDictionary<string, double>.Empty.Add("watched", mewma.Watched).Add("limit", mewma.Limit),
        PcaDetector pca => ImmutableSortedDictionary<string, double>.Empty.Add("components", pca.Components).Add("limit_t2", pca.LimitT2).Add("limit_q", pca.LimitQ),
        _ => ImmutableSortedDictionary<string, double>.Empty,
    };

    /// <summary>The members' parameters with their number before them: <c>1_trees</c>.</summary>
    private static ImmutableSortedDictionary<string, double> Of(CombinedDetector combined)
    {
        var all = ImmutableSortedDictionary.CreateBuilder<string, double>(StringComparer.Ordinal);
        all["members"] = combined.Members.Length;
        for (var m = 0; m < combined.Members.Length; m++)
        {
            foreach (var (name, value) in Of(combined.Members[m].Detector))
            {
                all[$"{m + 1}_{name}"] = value;
            }
        }

        return all.ToImmutable();
    }
}
