namespace IotAnalytics.Core.Modeling.Detectors;

/// <summary>A MEWMA chart within a model file.</summary>
internal static class MewmaFormat
{
    private const int MaxFeatures = 2_048;

    public static void Write(ModelFileWriter w, MewmaDetector detector)
    {
        w.UInt32((uint)detector.FeatureCount);
        w.UInt32((uint)detector.Watched);
        foreach (var scale in detector.Scales)
        {
            w.Single(scale);
        }

        foreach (var weight in detector.Precision)
        {
            w.Single(weight);
        }

        w.Double(detector.Limit);
    }

    public static MewmaDetector Read(ref ModelFileReader section)
    {
        var features = section.Count(sizeof(float), MaxFeatures);
        var watched = section.Count(sizeof(float), MaxFeatures);
        if (watched == 0 || watched > features)
        {
            throw new ModelFileException($"The model file's MEWMA chart watches {watched} of {features} features.");
        }

        var scales = DetectorNumbers.Positive(ref section, features, "MEWMA scale");
        var precision = DetectorNumbers.Finite(ref section, (long)watched * watched, "MEWMA weight");
        return new MewmaDetector(scales, precision, DetectorNumbers.Limit(ref section, "MEWMA limit"));
    }
}
