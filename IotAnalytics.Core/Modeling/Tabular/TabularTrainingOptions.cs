using System.Collections.Immutable;
using IotAnalytics.Core.Modeling.Forests;

namespace IotAnalytics.Core.Modeling.Tabular;

/// <summary>How a model is trained from a file of numbers.</summary>
internal sealed record TabularTrainingOptions
{
    /// <summary>A CSV with a header, gzip too.</summary>
    public required string Input { get; init; }

    /// <summary>Name on the card.</summary>
    public required string Name { get; init; }

    /// <summary>A column of 0 and 1 (or false and true) that tells anomalies; for the evaluation only. Default null: no evaluation.</summary>
    public string? Label { get; init; }

    /// <summary>Columns to learn from. Default empty: all that hold a number in the first row, but the label.</summary>
    public ImmutableArray<string> Features { get; init; } = [];

    /// <summary>Share of rows to flag, above 0 and at most 0.5. Default 0.1; null: see <see cref="AutomaticAlarmRate"/>.</summary>
    public double? Contamination { get; init; } = 0.1;

    /// <summary>One of <see cref="TabularDetector.Names"/>. Default <see cref="TabularDetector.IsolationForest"/>.</summary>
    public string Detector { get; init; } = TabularDetector.IsolationForest;

    /// <summary>Of the recommended combination only trees (usually <see cref="TabularDetector.DefaultTrees"/>), sample size and seed count: they are those of each member.</summary>
    public IsolationForestOptions Forest { get; init; } = new();

    /// <summary>Without a contamination, this share of held-out rows is flagged when there are at least 10,000 of them (a sample of 50,000
    /// rows); with fewer the threshold is 0.5, the score of an average row and scikit-learn's <c>auto</c>.</summary>
    public const double AutomaticAlarmRate = 0.001;
}
