namespace IotAnalytics.Core.Modeling.Detectors;

/// <summary>Principal components within a model file.</summary>
internal static class PcaFormat
{
    private const int MaxFeatures = 2_048;

    public static void Write(ModelFileWriter w, PcaDetector detector)
    {
        w.UInt32((uint)detector.FeatureCount);
        w.UInt32((uint)detector.Components);
        Write(w, detector.Means);
        Write(w, detector.Scales);
        Write(w, detector.Loadings);
        Write(w, detector.Variances);
        w.Double(detector.LimitT2);
        w.Double(detector.LimitQ);
    }

    public static PcaDetector Read(ref ModelFileReader section)
    {
        var features = section.Count(sizeof(float), MaxFeatures);
        var components = section.Count(sizeof(float), MaxFeatures);
        if (components == 0 || components > features)
        {
            throw new ModelFileException($"The model file has {components} principal components of {features} features.");
        }

        return new PcaDetector(
            DetectorNumbers.Finite(ref section, features, "mean"),
            DetectorNumbers.Positive(ref section, features, "scale"),
            DetectorNumbers.Finite(ref section, (long)components * features, "loading"),
            DetectorNumbers.Positive(ref section, components, "variance"),
            DetectorNumbers.Limit(ref section, "limit of T²"),
            DetectorNumbers.Limit(ref section, "limit of Q"));
    }

    private static void Write(ModelFileWriter w, ReadOnlySpan<float> numbers)
    {
        foreach (var number in numbers)
        {
            w.Single(number);
        }
    }
}
