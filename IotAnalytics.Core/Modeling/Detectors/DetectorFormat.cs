using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Detectors;

/// <summary>A detector of any kind within a model file: its kind as text, then what the kind says.</summary>
internal static class DetectorFormat
{
    public static void Write(ModelFileWriter w, IAnomalyDetector detector)
    {
        w.Text(detector.Kind);
        switch (detector)
        {
            case IsolationForest forest:
                IsolationForestFormat.Write(w, forest);
                break;
            case ObliqueForest forest:
                ObliqueForestFormat.Write(w, forest);
                break;
            case MewmaDetector mewma:
                MewmaFormat.Write(w, mewma);
                break;
            case PcaDetector pca:
                PcaFormat.Write(w, pca);
                break;
            case CombinedDetector combined:
                CombinedDetectorFormat.Write(w, combined);
                break;
            default:
                throw new ModelFileException($"A detector of kind '{detector.Kind}' has no file format.");
        }
    }

    /// <exception cref="ModelFileException">An unknown kind, or content that contradicts itself.</exception>
    public static IAnomalyDetector Read(ref ModelFileReader section)
    {
        var rest = section;
        if (section.Text() == CombinedDetector.KindName)
        {
            return CombinedDetectorFormat.Read(ref section);
        }

        section = rest;
        return ReadSingle(ref section);
    }

    /// <summary>A detector that is not a combination.</summary>
    public static IAnomalyDetector ReadSingle(ref ModelFileReader section) => section.Text() switch
    {
        IsolationForest.KindName => IsolationForestFormat.Read(ref section),
        ObliqueForest.KindName => ObliqueForestFormat.Read(ref section),
        MewmaDetector.KindName => MewmaFormat.Read(ref section),
        PcaDetector.KindName => PcaFormat.Read(ref section),
        var kind => throw new ModelFileException($"The model file has a detector of an unknown kind '{kind}'."),
    };
}
