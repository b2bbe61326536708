using System.Buffers;
using System.Collections.Immutable;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Detectors;

/// <summary>
/// Several detectors of one row: the smallest rarity decides, corrected for there being several. A row is anomalous when any member finds it so, which is
/// what complementary detectors are for: their mean would let each hide what only another sees.
/// </summary>
/// <remarks>The score is L / (L + ln 1000), L = −ln of the corrected rarity: 0.5 at 1 in 1,000, 0.57 at 1 in 10,000, 0.67 at 1 in a million.</remarks>
internal sealed class CombinedDetector : IAnomalyDetector
{
    public const string KindName = "Combined";
    public const int MaxMembers = 16;

    /// <summary>ln 1000.</summary>
    private const double Half = 6.907755278982137;

    /// <param name="members">1 to 16, each with as many columns as its detector takes.</param>
    public CombinedDetector(ImmutableArray<CombinedMember> members, int featureCount)
    {
        ArgumentOutOfRangeException.ThrowIfZero(members.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(members.Length, MaxMembers);
        if (members.FirstOrDefault(m => m.Columns.Length != m.Detector.FeatureCount) is { } odd)
        {
            throw new ArgumentException($"A {odd.Detector.Kind} of {odd.Detector.FeatureCount} features cannot see {odd.Columns.Length} columns.", nameof(members));
        }

        Members = members;
        FeatureCount = featureCount;
    }

    public string Kind => KindName;
    public int FeatureCount { get; }
    public ImmutableArray<CombinedMember> Members { get; }

    /// <summary>Combines detectors that see all features.</summary>
    /// <param name="reference">Rows that say what is usual: at least one.</param>
    public static CombinedDetector Fit(ImmutableArray<IAnomalyDetector> detectors, float[][] reference, int rows)
    {
        ImmutableArray<int> all = [.. Enumerable.Range(0, reference.Length)];
        return Fit([.. detectors.Select(d => (d, all))], reference, rows);
    }

    /// <summary>Combines detectors that see some of the features each.</summary>
    public static CombinedDetector Fit(ImmutableArray<(IAnomalyDetector Detector, ImmutableArray<int> Columns)> detectors, float[][] reference, int rows)
    {
        var members = detectors.Select(d =>
        {
            var scores = new double[rows];
            d.Detector.Score([.. d.Columns.Select(c => reference[c])], rows, scores);
            Array.Sort(scores);
            return new CombinedMember(d.Detector, d.Columns, RarityCurve.Fit(scores, detectors.Length));
        });
        return new CombinedDetector([.. members], reference.Length);
    }

    /// <summary>The member that finds a row most surprising.</summary>
    public IAnomalyDetector Deciding(ReadOnlySpan<float> row)
    {
        var features = new float[row.Length][];
        for (var f = 0; f < features.Length; f++)
        {
            features[f] = [row[f]];
        }

        Span<byte> deciding = [0];
        Score(features, 1, new double[1], deciding);
        return Members[deciding[0]].Detector;
    }

    public void Score(float[][] features, int rows, Span<double> scores) => Score(features, rows, scores, []);

    /// <summary>The same, and which member decided.</summary>
    /// <param name="deciding">Empty, or at least <paramref name="rows"/> long; receives indices into <see cref="Members"/>.</param>
    public void Score(float[][] features, int rows, Span<double> scores, Span<byte> deciding)
    {
        var buffer = ArrayPool<double>.Shared.Rent(rows);
        var own = buffer.AsSpan(0, rows);
        scores = scores[..rows];
        scores.Fill(double.NegativeInfinity);
        for (var m = 0; m < Members.Length; m++)
        {
            var member = Members[m];
            var columns = ArrayPool<float[]>.Shared.Rent(member.Columns.Length);
            for (var c = 0; c < member.Columns.Length; c++)
            {
                columns[c] = features[member.Columns[c]];
            }

            member.Detector.Score(columns, rows, own);
            ArrayPool<float[]>.Shared.Return(columns, clearArray: true);
            for (var r = 0; r < own.Length; r++)
            {
                var surprise = member.Curve.Surprise(own[r]);
                if (surprise > scores[r])
                {
                    scores[r] = surprise;
                    if (!deciding.IsEmpty)
                    {
                        deciding[r] = (byte)m;
                    }
                }
            }
        }

        ArrayPool<double>.Shared.Return(buffer);
        foreach (ref var score in scores)
        {
            score = score / (score + Half);
        }
    }
}
