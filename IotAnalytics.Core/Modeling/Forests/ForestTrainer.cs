using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>Grows whichever forest the options describe.</summary>
internal static class ForestTrainer
{
    /// <param name="columns">One array per feature, finite values only.</param>
    /// <param name="rows">At least 2.</param>
    /// <exception cref="TrainingException">Too few rows, or options out of range.</exception>
    public static IAnomalyDetector Train(float[][] columns, int rows, IsolationForestOptions options, CancellationToken cancellationToken) => options.IsPlain
        ? IsolationForestTrainer.Train(columns, rows, options, cancellationToken)
        : ObliqueForestTrainer.Train(columns, rows, options, cancellationToken);
}
