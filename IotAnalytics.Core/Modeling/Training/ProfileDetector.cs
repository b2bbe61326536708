using System.Collections.Immutable;
using IotAnalytics.Core.Modeling.Detectors;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Training;

/// <summary>The detectors of a profile, trained together: one as it is, several combined by their rarities.</summary>
internal static class ProfileDetector
{
    /// <summary>The score of a chart at its control limit.</summary>
    public const double ControlLimit = 0.5;

    /// <param name="training">All features of the profile, nothing missing.</param>
    /// <param name="healthy">The rows of it without anomalies, in order of time; the first may be from before the features of a history had one.</param>
    /// <param name="reference">Rows that say what is usual, when there are several detectors.</param>
    /// <param name="threads">That grow forests; null: all that there are.</param>
    public static IAnomalyDetector Train(
        SensorProfile profile, FeatureSet features, FeatureTable training, FeatureTable healthy, FeatureTable reference, long seed, int? threads,
        CancellationToken cancellationToken)
    {
        var members = new List<(IAnomalyDetector Detector, ImmutableArray<int> Columns)>();
        foreach (var definition in profile.Detectors)
        {
            var columns = Columns(profile, features, definition);
            var options = new IsolationForestOptions { Trees = definition.Trees, SampleSize = definition.SampleSize, Seed = seed, Threads = threads };
            switch (definition.Kind)
            {
                case DetectorDefinition.Recommended:
                    var own = training.Select(columns);
                    members.AddRange(RecommendedForests.Grow(own.Columns, own.Rows, options, cancellationToken).Select(d => (d, columns)));
                    break;
                case DetectorDefinition.Pca:
                    members.Add((PcaTrainer.Fit(healthy.Select(columns)), columns));
                    break;
                case DetectorDefinition.Mewma:
                    members.Add((MewmaTrainer.Fit(healthy.Select(columns), definition.Telling.Length), columns));
                    break;
                default:
                    var table = training.Select(columns);
                    members.Add((IsolationForestTrainer.Train(table.Columns, table.Rows, options, cancellationToken), columns));
                    break;
            }
        }

        return members.Count == 1 && members[0].Columns.Length == features.Count
            ? members[0].Detector
            : CombinedDetector.Fit([.. members], reference.Columns, reference.Rows);
    }

    private static ImmutableArray<int> Columns(SensorProfile profile, FeatureSet features, DetectorDefinition definition)
    {
        if (definition.Features.IsDefaultOrEmpty)
        {
            return [.. Enumerable.Range(0, features.Count).Where(features.IsOwn)];
        }

        string[] names = [.. profile.Features.Select(f => f.Name)];
        return [.. definition.Features.Concat(definition.Telling).Select(name => Array.IndexOf(names, name))];
    }
}
