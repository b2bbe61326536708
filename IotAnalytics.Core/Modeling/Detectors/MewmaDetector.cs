using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Detectors;

/// <summary>
/// A multivariate EWMA chart (Lowry, Woodall, Champ, Rigdon 1992): T² = zᵀ P z of averaged residuals z. The features bring the averages
/// (<c>ewma(residual(x, …), 9)</c>), so that the detector itself remembers nothing.
/// </summary>
/// <remarks>
/// Unlike the textbook the covariance is that of the averages themselves, not λ/(2−λ) Σ, which holds for independent readings only. The score is
/// T² / (T² + limit), 0.5 at the control limit.
/// </remarks>
internal sealed class MewmaDetector : IAnomalyDetector, IFeatureContributions
{
    public const string KindName = "Mewma";

    /// <summary>A standardised average counts as at most this: one broken measurement must not hide what the others say.</summary>
    public const float Largest = 10;

    private const int BlockRows = 64;

    [ThreadStatic]
    private static float[]? _buffer;

    private readonly float[] _scales;
    private readonly float[] _precision;

    /// <param name="scales">What each feature is divided by, above 0; the watched ones first, then those that only tell which measurement it is.</param>
    /// <param name="precision">P, row after row, one row for each watched feature.</param>
    /// <param name="limit">The control limit of T², above 0.</param>
    public MewmaDetector(float[] scales, float[] precision, double limit)
    {
        _scales = scales;
        _precision = precision;
        Watched = (int)Math.Sqrt(precision.Length);
        Limit = limit;
    }

    public string Kind => KindName;
    public int FeatureCount => _scales.Length;
    public ReadOnlySpan<float> Scales => _scales;
    public ReadOnlySpan<float> Precision => _precision;

    /// <summary>Features that make T²: the first ones.</summary>
    public int Watched { get; }

    public double Limit { get; }

    public void Score(float[][] features, int rows, Span<double> scores)
    {
        var z = Buffer(Watched * BlockRows);
        Span<float> product = stackalloc float[BlockRows];
        for (var start = 0; start < rows; start += BlockRows)
        {
            var count = Math.Min(BlockRows, rows - start);
            for (var f = 0; f < Watched; f++)
            {
                Standardise(features[f].AsSpan(start, count), _scales[f], z.AsSpan(f * BlockRows, count));
            }

            var block = scores.Slice(start, count);
            block.Clear();
            for (var i = 0; i < Watched; i++)
            {
                product.Clear();
                for (var j = 0; j < Watched; j++)
                {
                    var weight = _precision[i * Watched + j];
                    var column = z.AsSpan(j * BlockRows, count);
                    for (var r = 0; r < column.Length; r++)
                    {
                        product[r] += weight * column[r];
                    }
                }

                var own = z.AsSpan(i * BlockRows, count);
                for (var r = 0; r < own.Length; r++)
                {
                    block[r] += own[r] * product[r];
                }
            }

            foreach (ref var score in block)
            {
                var statistic = Math.Max(score, 0);
                score = statistic / (statistic + Limit);
            }
        }
    }

    /// <summary>
    /// The squared standardised features. Of the features that are not watched, when there are any: an average says that something has changed and
    /// blames whatever is slow to come back; a short-term deviation says where it began.
    /// </summary>
    public void Contributions(ReadOnlySpan<float> features, Span<double> into)
    {
        into.Clear();
        for (var f = Watched < FeatureCount ? Watched : 0; f < FeatureCount; f++)
        {
            double z = features[f] / _scales[f];
            into[f] = z * z;
        }
    }

    private static void Standardise(ReadOnlySpan<float> values, float scale, Span<float> into)
    {
        for (var r = 0; r < values.Length; r++)
        {
            into[r] = Math.Clamp(values[r] / scale, -Largest, Largest);
        }
    }

    private static float[] Buffer(int length)
    {
        if (_buffer is null || _buffer.Length < length)
        {
            _buffer = new float[length];
        }

        return _buffer;
    }
}
