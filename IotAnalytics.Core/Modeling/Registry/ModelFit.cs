using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Registry;

/// <summary>Whether a model can score a profile.</summary>
internal static class ModelFit
{
    /// <summary>Why the model cannot score the profile as it is now, or null: features, expressions and measurements must be the same, in order.</summary>
    public static string? Mismatch(ModelSnapshot model, SensorProfile profile)
    {
        if (FeatureMismatch(model, profile) is { } reason)
        {
            return reason;
        }

        for (var i = 0; i < profile.Features.Length; i++)
        {
            if (model.Card.Features[i].Expression != profile.Features[i].Expression)
            {
                return $"its feature {profile.Features[i].Name} is {model.Card.Features[i].Expression}, the profile's is {profile.Features[i].Expression}";
            }
        }

        var measurements = profile.Measurements.Select(m => m.Name).ToArray();
        return model.MeasurementNames.SequenceEqual(measurements)
            ? null
            : $"it has the measurements {string.Join(", ", model.MeasurementNames)}, the profile has {string.Join(", ", measurements)}";
    }

    /// <summary>
    /// The model with the profile's expressions and its measurements in the profile's order, so that a model trained on plain columns of the
    /// profile's features and measurements can score it.
    /// </summary>
    /// <exception cref="ModelFileException">A feature or a measurement is missing.</exception>
    public static ModelSnapshot Align(ModelSnapshot model, SensorProfile profile)
    {
        var missing = profile.Measurements.Where(m => !model.MeasurementNames.Contains(m.Name)).Select(m => m.Name).ToArray();
        if (FeatureMismatch(model, profile) is { } reason)
        {
            throw new ModelFileException($"Model {model.Name} does not fit profile {profile.Name}: {reason}.");
        }

        if (missing.Length > 0)
        {
            throw new ModelFileException($"Model {model.Name} does not fit profile {profile.Name}: it knows nothing of {string.Join(", ", missing)}.");
        }

        int[] order = [.. profile.Measurements.Select(m => model.MeasurementNames.IndexOf(m.Name))];
        return model with
        {
            MeasurementNames = [.. profile.Measurements.Select(m => m.Name)],
            ExpectedRanges = [.. order.Select(i => model.ExpectedRanges[i])],
            ReferenceRows = [.. model.ReferenceRows.Select(row => order.Select(i => row[i]).ToArray())],
            Card = model.Card with
            {
                Features = [.. profile.Features.Select((f, i) => new ModelCardFeature(f.Name, f.Expression, model.FeatureMedians[i]))],
                Measurements = [.. profile.Measurements.Select((m, i) => new ModelCardMeasurement(m.Name, m.Unit, model.ExpectedRanges[order[i]].P1, model.ExpectedRanges[order[i]].P99))],
            },
        };
    }

    private static string? FeatureMismatch(ModelSnapshot model, SensorProfile profile)
    {
        var features = profile.Features.Select(f => f.Name).ToArray();
        return model.FeatureNames.SequenceEqual(features)
            ? null
            : $"it has the features {string.Join(", ", model.FeatureNames)}, the profile has {string.Join(", ", features)}";
    }
}
