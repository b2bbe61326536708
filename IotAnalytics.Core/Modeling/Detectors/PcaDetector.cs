using System.Buffers;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Detectors;

/// <summary>
/// Principal components of standardised features: Hotelling's T² within the space that they span (Jackson 1991, section 2.6) and Q, the squared
/// distance from it (Jackson, Mudholkar 1979). T² finds usual relations at unusual sizes, Q finds relations that have broken.
/// </summary>
/// <remarks>The score is s / (s + 1) of the larger of T² and Q, each over its control limit: 0.5 at the limit.</remarks>
internal sealed class PcaDetector : IAnomalyDetector, IFeatureContributions
{
    public const string KindName = "Pca";

    private readonly float[] _means;
    private readonly float[] _scales;
    private readonly float[] _loadings;
    private readonly float[] _variances;

    /// <param name="means">Per feature.</param>
    /// <param name="scales">Per feature, above 0.</param>
    /// <param name="loadings">One row for each component, unit vectors.</param>
    /// <param name="variances">Per component, above 0.</param>
    /// <param name="limitT2">Control limit of T², above 0.</param>
    /// <param name="limitQ">Control limit of Q, above 0.</param>
    public PcaDetector(float[] means, float[] scales, float[] loadings, float[] variances, double limitT2, double limitQ)
    {
        _means = means;
        _scales = scales;
        _loadings = loadings;
        _variances = variances;
        LimitT2 = limitT2;
        LimitQ = limitQ;
    }

    public string Kind => KindName;
    public int FeatureCount => _means.Length;
    public int Components => _variances.Length;
    public double LimitT2 { get; }
    public double LimitQ { get; }
    public ReadOnlySpan<float> Means => _means;
    public ReadOnlySpan<float> Scales => _scales;
    public ReadOnlySpan<float> Loadings => _loadings;
    public ReadOnlySpan<float> Variances => _variances;

    public void Score(float[][] features, int rows, Span<double> scores)
    {
        var buffer = ArrayPool<double>.Shared.Rent(FeatureCount);
        var z = buffer.AsSpan(0, FeatureCount);
        for (var row = 0; row < rows; row++)
        {
            for (var f = 0; f < z.Length; f++)
            {
                z[f] = Standardised(features[f][row], f);
            }

            var (t2, q) = Statistics(z);
            var ratio = Math.Max(t2 / LimitT2, q / LimitQ);
            scores[row] = ratio / (ratio + 1);
        }

        ArrayPool<double>.Shared.Return(buffer);
    }

    /// <summary>
    /// How far the sum of T² and Q, each over its limit, falls when the feature alone is put right (reconstruction-based contribution, Alcala, Qin
    /// 2009). Plain contributions smear one feature's fault over those that depend on it.
    /// </summary>
    public void Contributions(ReadOnlySpan<float> features, Span<double> into)
    {
        // φ = zᵀ M z, M = Σ_c l_c l_cᵀ (1/(v_c limit of T²) − 1/limit of Q) + I / limit of Q.
        var z = new double[FeatureCount];
        for (var f = 0; f < z.Length; f++)
        {
            z[f] = Standardised(features[f], f);
        }

        var gradient = new double[FeatureCount];
        var curvature = new double[FeatureCount];
        for (var f = 0; f < z.Length; f++)
        {
            gradient[f] = z[f] / LimitQ;
            curvature[f] = 1 / LimitQ;
        }

        for (var c = 0; c < Components; c++)
        {
            var loading = Loading(c);
            var weight = 1 / (_variances[c] * LimitT2) - 1 / LimitQ;
            var size = Project(z, loading);
            for (var f = 0; f < z.Length; f++)
            {
                gradient[f] += weight * size * loading[f];
                curvature[f] += weight * loading[f] * loading[f];
            }
        }

        for (var f = 0; f < z.Length; f++)
        {
            into[f] = curvature[f] > 0 ? gradient[f] * gradient[f] / curvature[f] : 0;
        }
    }

    /// <summary>T² and Q of a standardised row.</summary>
    public (double T2, double Q) Statistics(ReadOnlySpan<double> z)
    {
        double length = 0;
        foreach (var value in z)
        {
            length += value * value;
        }

        double t2 = 0;
        double within = 0;
        for (var c = 0; c < Components; c++)
        {
            var size = Project(z, Loading(c));
            t2 += size * size / _variances[c];
            within += size * size;
        }

        return (t2, Math.Max(0, length - within));
    }

    private double Standardised(float value, int feature) => ((double)value - _means[feature]) / _scales[feature];

    private ReadOnlySpan<float> Loading(int component) => _loadings.AsSpan(component * FeatureCount, FeatureCount);

    private static double Project(ReadOnlySpan<double> z, ReadOnlySpan<float> loading)
    {
        double sum = 0;
        for (var f = 0; f < z.Length; f++)
        {
            sum += z[f] * loading[f];
        }

        return sum;
    }
}
