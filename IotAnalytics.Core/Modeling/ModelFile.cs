using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using IotAnalytics.Core.Modeling.Detectors;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling;

/// <summary>
/// A model as plain data (docs/model-file.md describes every byte): magic, format version, length, five sections in fixed order, and the
/// SHA-256 of all that. The same snapshot always gives the same bytes. Nothing in a file is ever executed.
/// </summary>
internal static class ModelFile
{
    /// <summary>Raised when a reader of the previous version could not read a file.</summary>
    public const int FormatVersion = 2;

    /// <summary>What a model with a plain forest is written as: readers of version 1 know no other detector.</summary>
    private const int PlainForestVersion = 1;

    private const int HeaderLength = 24;
    private const int ChecksumLength = 32;
    private const int SectionHeaderLength = 12;
    private const int MaxNames = 65_534;
    private const int MaxReferenceRows = 65_536;
    private static readonly string[] SectionNames = ["CARD", "FEAT", "MEAS", "REFS", "DETR"];

    private static ReadOnlySpan<byte> Magic => "IOTMODEL"u8;

    /// <summary>The bytes of the file.</summary>
    public static byte[] Write(ModelSnapshot model)
    {
        var body = new ModelFileWriter();
        Section(body, 0, w => w.Bytes(JsonSerializer.SerializeToUtf8Bytes(model.Card with { ScoringPath = null }, ModelCardJson.Default.ModelCard)));
        Section(body, 1, w => WriteFeatures(w, model));
        Section(body, 2, w => WriteMeasurements(w, model));
        Section(body, 3, w => WriteReference(w, model));
        Section(body, 4, w => DetectorFormat.Write(w, model.Detector));

        var file = new ModelFileWriter();
        file.Bytes(Magic);
        file.UInt32((uint)(model.Detector is IsolationForest ? PlainForestVersion : FormatVersion));
        file.UInt32((uint)SectionNames.Length);
        file.UInt64((ulong)(HeaderLength + body.Written.Length + ChecksumLength));
        file.Bytes(body.Written.Span);
        file.Bytes(SHA256.HashData(file.Written.Span));
        return file.Written.ToArray();
    }

    /// <summary>The snapshot with the hash of its own file.</summary>
    public static ModelSnapshot Seal(ModelSnapshot model) => model with { Sha256 = HashOf(Write(model)) };

    /// <summary>SHA-256, lower-case hex.</summary>
    public static string HashOf(ReadOnlySpan<byte> file) => Convert.ToHexStringLower(SHA256.HashData(file));

    /// <exception cref="ModelFileException">Torn, altered, not a model, or of a newer version.</exception>
    public static ModelSnapshot Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < HeaderLength + ChecksumLength || !file.StartsWith(Magic))
        {
            var begins = file.StartsWith(Magic) || (file.Length < Magic.Length && Magic.StartsWith(file));
            throw new ModelFileException(begins ? $"The model file is torn: {file.Length} bytes." : "This is not a model file.");
        }

        var header = new ModelFileReader(file[Magic.Length..HeaderLength], "header");
        var version = header.UInt32();
        if (version is < PlainForestVersion or > FormatVersion)
        {
            throw new ModelFileException(version > FormatVersion
                ? $"The model file has format {version}, written by a newer program; this one reads up to {FormatVersion}."
                : $"The model file has an unknown format {version}.");
        }

        var sections = header.UInt32();
        var length = header.UInt64();
        if (length != (ulong)file.Length)
        {
            throw new ModelFileException($"The model file is torn: {file.Length} bytes, its header says {length}.");
        }

        if (!SHA256.HashData(file[..^ChecksumLength]).AsSpan().SequenceEqual(file[^ChecksumLength..]))
        {
            throw new ModelFileException("The model file is altered: its checksum does not fit.");
        }

        if (sections != SectionNames.Length)
        {
            throw new ModelFileException($"The model file has {sections} sections; format {version} has {SectionNames.Length}.");
        }

        var body = new ModelFileReader(file[HeaderLength..^ChecksumLength], "list");
        var card = ReadCard(Open(ref body, 0));
        var model = ReadSections(ref body, card);
        body.End();
        return model with { Sha256 = HashOf(file) };
    }

    private static ModelSnapshot ReadSections(ref ModelFileReader body, ModelCard card)
    {
        var features = Open(ref body, 1);
        var featureCount = features.Count(bytesEach: 6, MaxNames);
        var featureNames = ImmutableArray.CreateBuilder<string>(featureCount);
        var medians = new float[featureCount];
        for (var i = 0; i < featureCount; i++)
        {
            featureNames.Add(features.Text());
            medians[i] = features.Single();
        }

        features.End();
        var measurements = Open(ref body, 2);
        var measurementCount = measurements.Count(bytesEach: 18, MaxNames);
        var measurementNames = ImmutableArray.CreateBuilder<string>(measurementCount);
        var ranges = new ExpectedRange[measurementCount];
        for (var i = 0; i < measurementCount; i++)
        {
            measurementNames.Add(measurements.Text());
            ranges[i] = new ExpectedRange(measurements.FiniteDouble(), measurements.FiniteDouble());
        }

        var rows = new double[measurements.Count(8 * measurementCount, MaxReferenceRows)][];
        for (var r = 0; r < rows.Length; r++)
        {
            rows[r] = new double[measurementCount];
            for (var i = 0; i < measurementCount; i++)
            {
                rows[r][i] = measurements.FiniteDouble();
            }
        }

        measurements.End();
        var reference = Open(ref body, 3);
        var threshold = reference.FiniteDouble();
        var scores = new double[reference.Count(bytesEach: 8, int.MaxValue)];
        for (var i = 0; i < scores.Length; i++)
        {
            scores[i] = reference.FiniteDouble();
        }

        reference.End();
        var detector = ReadDetector(Open(ref body, 4));
        if (card.Features.IsDefault || card.Measurements.IsDefault || detector.FeatureCount != featureCount || featureCount == 0 || measurementCount == 0 || rows.Length == 0
            || !medians.All(float.IsFinite) || !scores.AsSpan().SequenceEqual(scores.Order().ToArray()))
        {
            throw new ModelFileException("The model file contradicts itself: features, measurements and detector do not fit together.");
        }

        return new ModelSnapshot
        {
            Card = card,
            Detector = detector,
            Threshold = threshold,
            FeatureNames = featureNames.MoveToImmutable(),
            FeatureMedians = medians,
            MeasurementNames = measurementNames.MoveToImmutable(),
            ExpectedRanges = ranges,
            ReferenceScores = scores,
            ReferenceRows = rows,
        };
    }

    private static void Section(ModelFileWriter file, int index, Action<ModelFileWriter> content)
    {
        var section = new ModelFileWriter();
        content(section);
        file.Bytes(System.Text.Encoding.ASCII.GetBytes(SectionNames[index]));
        file.UInt64((ulong)section.Written.Length);
        file.Bytes(section.Written.Span);
    }

    private static ModelFileReader Open(ref ModelFileReader body, int index)
    {
        var name = SectionNames[index];
        var header = new ModelFileReader(body.Bytes(SectionHeaderLength), "list");
        if (!header.Bytes(4).SequenceEqual(System.Text.Encoding.ASCII.GetBytes(name)))
        {
            throw new ModelFileException($"The model file has no section {name} where one is due.");
        }

        var length = header.UInt64();
        return new ModelFileReader(body.Bytes(length <= int.MaxValue ? (long)length : -1), name);
    }

    private static ModelCard ReadCard(ModelFileReader section)
    {
        try
        {
            return JsonSerializer.Deserialize(section.Rest(), ModelCardJson.Default.ModelCard)
                ?? throw new ModelFileException("The model file's card is null.");
        }
        catch (JsonException e)
        {
            throw new ModelFileException($"The model file's card cannot be read: {e.Message}", e);
        }
    }

    private static void WriteFeatures(ModelFileWriter w, ModelSnapshot model)
    {
        w.UInt32((uint)model.FeatureNames.Length);
        for (var i = 0; i < model.FeatureNames.Length; i++)
        {
            w.Text(model.FeatureNames[i]);
            w.Single(model.FeatureMedians[i]);
        }
    }

    private static void WriteMeasurements(ModelFileWriter w, ModelSnapshot model)
    {
        w.UInt32((uint)model.MeasurementNames.Length);
        for (var i = 0; i < model.MeasurementNames.Length; i++)
        {
            w.Text(model.MeasurementNames[i]);
            w.Double(model.ExpectedRanges[i].P1);
            w.Double(model.ExpectedRanges[i].P99);
        }

        w.UInt32((uint)model.ReferenceRows.Length);
        foreach (var row in model.ReferenceRows)
        {
            foreach (var value in row)
            {
                w.Double(value);
            }
        }
    }

    private static void WriteReference(ModelFileWriter w, ModelSnapshot model)
    {
        w.Double(model.Threshold);
        w.UInt32((uint)model.ReferenceScores.Length);
        foreach (var score in model.ReferenceScores)
        {
            w.Double(score);
        }
    }

    private static IAnomalyDetector ReadDetector(ModelFileReader section)
    {
        var detector = DetectorFormat.Read(ref section);
        section.End();
        return detector;
    }
}
