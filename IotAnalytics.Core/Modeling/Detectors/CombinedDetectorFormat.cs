using System.Collections.Immutable;

namespace IotAnalytics.Core.Modeling.Detectors;

/// <summary>A combination within a model file.</summary>
internal static class CombinedDetectorFormat
{
    /// <summary>Kind (2), columns (4), knots (4), slope (8).</summary>
    private const int LeastMemberLength = 18;
    private const int MaxColumns = 65_534;

    public static void Write(ModelFileWriter w, CombinedDetector detector)
    {
        w.UInt32((uint)detector.FeatureCount);
        w.UInt32((uint)detector.Members.Length);
        foreach (var member in detector.Members)
        {
            w.UInt32((uint)member.Columns.Length);
            foreach (var column in member.Columns)
            {
                w.UInt16((ushort)column);
            }

            w.UInt32((uint)member.Curve.Scores.Length);
            for (var k = 0; k < member.Curve.Scores.Length; k++)
            {
                w.Double(member.Curve.Scores[k]);
                w.Double(member.Curve.Surprises[k]);
            }

            w.Double(member.Curve.TailSlope);
            DetectorFormat.Write(w, member.Detector);
        }
    }

    /// <summary>Members are not combinations themselves, so this does not nest.</summary>
    public static CombinedDetector Read(ref ModelFileReader section)
    {
        var featureCount = section.Count(0, MaxColumns);
        var members = ImmutableArray.CreateBuilder<CombinedMember>(section.Count(LeastMemberLength, CombinedDetector.MaxMembers));
        if (members.Capacity == 0)
        {
            throw new ModelFileException("The model file's combination has no members.");
        }

        for (var m = 0; m < members.Capacity; m++)
        {
            var columns = new int[section.Count(sizeof(ushort), MaxColumns)];
            for (var c = 0; c < columns.Length; c++)
            {
                columns[c] = section.UInt16();
            }

            var curve = ReadCurve(ref section);
            var detector = DetectorFormat.ReadSingle(ref section);
            members.Add(detector.FeatureCount == columns.Length && columns.All(c => c < featureCount)
                ? new CombinedMember(detector, [.. columns], curve)
                : throw new ModelFileException("The model file's combination has a member that does not fit its columns."));
        }

        return new CombinedDetector(members.MoveToImmutable(), featureCount);
    }

    private static RarityCurve ReadCurve(ref ModelFileReader section)
    {
        var scores = new double[section.Count(2 * sizeof(double), RarityCurve.MaxKnots)];
        var surprises = new double[scores.Length];
        for (var k = 0; k < scores.Length; k++)
        {
            scores[k] = section.FiniteDouble();
            surprises[k] = section.FiniteDouble();
            if (k == 0 ? surprises[0] < 0 : scores[k] <= scores[k - 1] || surprises[k] < surprises[k - 1])
            {
                throw new ModelFileException("The model file's combination has a rarity curve that does not rise.");
            }
        }

        var slope = section.FiniteDouble();
        return scores.Length > 0 && slope >= 0
            ? new RarityCurve(scores, surprises, slope)
            : throw new ModelFileException("The model file's combination has a rarity curve without knots or that falls.");
    }
}
