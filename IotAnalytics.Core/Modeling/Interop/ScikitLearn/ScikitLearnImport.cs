using System.Collections.Immutable;
using System.Text.Json;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Interop.ScikitLearn;

/// <summary>
/// A model from a forest that scikit-learn has grown. Its score is −<c>score_samples</c>, its threshold −<c>offset_</c>. Thresholds are
/// rounded down to 32 bits, which splits 32-bit values exactly as the 64-bit ones do.
/// </summary>
internal static class ScikitLearnImport
{
    private const int SupportedVersion = 1;
    private const int MaxFeatures = 65_534;
    private const int MaxReferenceRows = 65_536;
    private const int ExplanationRows = 16;

    /// <param name="source">For the card: where the forest came from.</param>
    /// <exception cref="InteropException">Not this JSON, or one that contradicts itself.</exception>
    public static ModelSnapshot Read(ReadOnlySpan<byte> json, string name, string source)
    {
        var forest = Parse(json);
        Check(forest);
        var features = forest.Features.Length;
        var detector = ScikitLearnTrees.Convert(forest);
        var table = new FeatureTable(features, forest.Reference.Length);
        for (var f = 0; f < features; f++)
        {
            for (var r = 0; r < forest.Reference.Length; r++)
            {
                table.Columns[f][r] = (float)forest.Reference[r][f];
            }
        }

        var medians = table.Medians();
        var scores = table.Score(detector);
        var rows = forest.Reference;
        var ranges = ReferenceRanges.Of(rows, features);
        ImmutableArray<string> names = [.. forest.Features];
        return ModelFile.Seal(new ModelSnapshot
        {
            Card = new ModelCard
            {
                Name = name,
                Version = "1",
                Kind = detector.Kind,
                Source = source,
                TrainingRows = rows.Length,
                ReferenceRows = rows.Length,
                Seed = 0,
                Parameters = ForestParameters.Of(detector),
                Features = [.. names.Select((n, i) => new ModelCardFeature(n, n, medians[i]))],
                Measurements = [.. names.Select((n, i) => new ModelCardMeasurement(n, "", ranges[i].P1, ranges[i].P99))],
                Threshold = new ModelCardThreshold(-forest.Offset, ModelCardThreshold.Fixed),
                ScoringPath = detector.ScoringPath,
            },
            Detector = detector,
            Threshold = -forest.Offset,
            FeatureNames = names,
            FeatureMedians = medians,
            MeasurementNames = names,
            ExpectedRanges = ranges,
            ReferenceScores = [.. scores.Order()],
            ReferenceRows = Unremarkable(rows, scores, -forest.Offset),
        });
    }

    /// <summary>Rows that explanations compare with.</summary>
    private static double[][] Unremarkable(double[][] rows, double[] scores, double threshold)
    {
        double[][] below = [.. rows.Where((_, r) => scores[r] <= threshold).Take(ExplanationRows)];
        return below.Length > 0 ? below : rows[..Math.Min(ExplanationRows, rows.Length)];
    }

    private static ScikitLearnForest Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            var forest = JsonSerializer.Deserialize(json.TrimStart("\uFEFF"u8), ScikitLearnJson.Default.ScikitLearnForest);
            return forest ?? throw new InteropException("The JSON is null.");
        }
        catch (JsonException e)
        {
            throw new InteropException($"Not a forest of scikit-learn in JSON: {e.Message}", e);
        }
    }

    private static void Check(ScikitLearnForest forest)
    {
        Require(forest.Format == ScikitLearnForest.FormatName, $"format is '{forest.Format}', not '{ScikitLearnForest.FormatName}'");
        Require(forest.Version == SupportedVersion, $"version is {forest.Version}; this program reads {SupportedVersion}");
        Require(forest.Features.Length is >= 1 and <= MaxFeatures, $"features has {forest.Features.Length} names; accepted: 1 to {MaxFeatures}");
        Require(
            !forest.Features.Any(string.IsNullOrWhiteSpace) && forest.Features.Distinct(StringComparer.Ordinal).Count() == forest.Features.Length,
            "features has an empty or repeated name");
        Require(
            forest.MaxSamples is >= 2 and <= IsolationForestOptions.MaxSampleSize,
            $"max_samples is {forest.MaxSamples}; accepted: 2 to {IsolationForestOptions.MaxSampleSize}");
        Require(double.IsFinite(forest.Offset), "offset is not finite");
        Require(
            forest.Trees.Length is >= 1 and <= IsolationForestOptions.MaxTrees, $"trees has {forest.Trees.Length} entries; accepted: 1 to {IsolationForestOptions.MaxTrees}");
        Require(
            forest.Reference.Length is >= 1 and <= MaxReferenceRows, $"reference has {forest.Reference.Length} rows; accepted: 1 to {MaxReferenceRows}");
        Require(
            Array.TrueForAll(forest.Reference, row => row?.Length == forest.Features.Length && Array.TrueForAll(row, v => float.IsFinite((float)v))),
            "a row of reference has another number of values than there are features, or one that is no finite 32-bit float");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InteropException($"The forest cannot be imported: {otherwise}.");
        }
    }
}
