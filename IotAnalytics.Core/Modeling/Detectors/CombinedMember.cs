using System.Collections.Immutable;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Detectors;

/// <summary>One of several detectors that judge a row together.</summary>
/// <param name="Detector">What it is.</param>
/// <param name="Columns">The features that it sees, in its order; as many as its <see cref="IAnomalyDetector.FeatureCount"/>.</param>
/// <param name="Curve">How surprising its scores are.</param>
internal sealed record CombinedMember(IAnomalyDetector Detector, ImmutableArray<int> Columns, RarityCurve Curve);
