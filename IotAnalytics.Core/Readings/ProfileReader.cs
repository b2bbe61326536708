using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using IotAnalytics.Core.Readings.Features;
using Microsoft.Extensions.Configuration;

namespace IotAnalytics.Core.Readings;

/// <summary>
/// Reads profiles from the configuration and collects everything that is wrong with them, where the configuration binder would stop at the first.
/// Measurements and features are taken in the order of their names, because the configuration system does not keep that of the file.
/// <code>
/// key                                    accepted                              default
/// NAME                                   snake_case, 1 to 63 characters
/// NAME:ExpectedInterval                  1 ms to 30 days                       00:00:10
/// NAME:Measurements:M                    1 to 1,000, snake_case, not a fixed column of the lake
/// NAME:Measurements:M:Unit               1 to 32 printable ASCII characters    1 (no unit)
/// NAME:Measurements:M:Min, Max           finite numbers, Min below Max         required
/// NAME:Measurements:M:Normal, Anomalous  two numbers, the lower one first      none
/// NAME:Features:F                        0 to 1,000 expressions                each measurement
/// NAME:Detectors                         up to 16
/// NAME:Detectors:I:Kind                  IsolationForest, Recommended, Pca, Mewma   IsolationForest
/// NAME:Detectors:I:Features:J            names of features                     see DetectorDefinition
/// NAME:Detectors:I:Telling:J             names of features, of Mewma           none
/// NAME:Detectors:I:Trees                 1 to 10,000                           100
/// NAME:Detectors:I:SampleSize            2 to 65,536                           256
/// NAME:Detectors:I:BootstrapContamination  above 0, at most 0.5                0.1
/// NAME:Detectors:I:TargetAlarmRate       above 0, at most 0.5                  0.001
/// </code>
/// </summary>
internal sealed partial class ProfileReader
{
    private const int MaxEntries = 1_000;
    private const int MaxDetectors = 16;

    /// <summary>Of the Normal band's width. Many sensors share a chart, and some are quiet while they warm up.</summary>
    private const double SmallestScaleShare = 0.05;
    private const string SnakeCase = "snake_case, 1 to 63 characters of a-z 0-9 _ with a letter first";

    // The fixed columns of the three tables, and the fields of a reading.
    private static readonly HashSet<string> ReservedNames =
    [
        "source_id", "partition", "record_offset", "item", "sensor_id", "profile", "event_time", "record_time", "flags", "model_version",
        "anomaly_score", "threshold", "rarity", "severity", "top_measurement", "explanation", "event_date", "ingest_date", "record_key",
        "headers", "item_count", "value", "timestamp",
    ];

    private readonly List<string> _errors = [];

    public static ProfileOptions Read(IConfiguration section)
    {
        var reader = new ProfileReader();
        SensorProfile[] profiles = [.. reader.Children(section).Select(reader.ReadProfile)];
        reader.CheckUnits(profiles);
        return new ProfileOptions { Profiles = profiles.Length == 0 ? [ClimateProfile.Default] : profiles, Errors = reader._errors };
    }

    private SensorProfile ReadProfile(IConfigurationSection section)
    {
        CheckName(section, "a profile's name");
        Only(section, "ExpectedInterval", "Measurements", "Features", "Detectors", "Training");
        ImmutableArray<MeasurementDefinition> measurements = [.. Children(section.GetSection("Measurements")).Select(ReadMeasurement)];
        if (measurements.Length is 0 or > MaxEntries)
        {
            Error(section.GetSection("Measurements"), $"{measurements.Length} measurements", $"1 to {MaxEntries}");
        }

        ImmutableArray<FeatureDefinition> features = [.. Children(section.GetSection("Features")).Select(f => ReadFeature(f, [.. measurements.Select(m => m.Name)]))];
        if (features.Length > MaxEntries)
        {
            Error(section.GetSection("Features"), $"{features.Length} features", $"up to {MaxEntries}");
        }

        var detectors = ReadDetectors(section.GetSection("Detectors"), measurements, ref features);
        return new SensorProfile(
            section.Key,
            ReadInterval(section.GetSection("ExpectedInterval")),
            measurements,
            features,
            detectors.IsEmpty ? ClimateProfile.Default.Detectors : detectors);
    }

    private MeasurementDefinition ReadMeasurement(IConfigurationSection section)
    {
        CheckName(section, "a measurement's name");
        if (ReservedNames.Contains(section.Key))
        {
            Error(section, $"the measurement name '{section.Key}'", "a name that is not a fixed column or field (such as sensor_id, timestamp, value, flags)");
        }

        Only(section, "Unit", "Min", "Max", "Normal", "Anomalous");
        var unit = section["Unit"] ?? "1";
        if (unit.Length is 0 or > 32 || unit.Any(c => c is <= ' ' or > '~'))
        {
            Error(section.GetSection("Unit"), $"'{unit}'", "a UCUM code, 1 to 32 printable ASCII characters");
        }

        var min = ReadNumber(section.GetSection("Min"), double.MinValue, double.MaxValue, null);
        var max = ReadNumber(section.GetSection("Max"), double.MinValue, double.MaxValue, null);
        if (min >= max)
        {
            Error(section.GetSection("Max"), $"{Text(max)}", $"a number above Min, {Text(min)}");
        }

        return new MeasurementDefinition(section.Key, unit, min, max, ReadBand(section.GetSection("Normal")), ReadBand(section.GetSection("Anomalous")));
    }

    private ValueBand? ReadBand(IConfigurationSection section)
    {
        IConfigurationSection[] ends = [.. Children(section)];
        if (ends.Length == 0 && string.IsNullOrEmpty(section.Value))
        {
            return null;
        }

        if (ends.Length != 2)
        {
            Error(section, ends.Length == 0 ? $"'{section.Value}'" : $"{ends.Length} numbers", "two numbers, [low, high]");
            return null;
        }

        var low = ReadNumber(ends[0], double.MinValue, double.MaxValue, null);
        var high = ReadNumber(ends[1], double.MinValue, double.MaxValue, null);
        if (low >= high)
        {
            Error(section, $"[{Text(low)}, {Text(high)}]", "two numbers, the lower one first");
        }

        return new ValueBand(low, high);
    }

    private FeatureDefinition ReadFeature(IConfigurationSection section, string[] measurements)
    {
        CheckName(section, "a feature's name");
        var expression = section.Value ?? "";
        // Without measurements every name would be reported, though the cause is another.
        if (measurements.Length > 0 && !FeatureExpression.TryParse(expression, measurements, out _, out var error))
        {
            _errors.Add($"{section.Path}: '{expression}' is not an expression: {error}.");
        }

        return new FeatureDefinition(section.Key, expression);
    }

    /// <param name="features">Grows by the residuals of the measurements when a detector needs them.</param>
    private ImmutableArray<DetectorDefinition> ReadDetectors(
        IConfigurationSection section, ImmutableArray<MeasurementDefinition> measurements, ref ImmutableArray<FeatureDefinition> features)
    {
        ImmutableArray<IConfigurationSection> sections = [.. Children(section)];
        if (sections.Length > MaxDetectors)
        {
            Error(section, $"{sections.Length} detectors", $"up to {MaxDetectors}");
        }

        var detectors = ImmutableArray.CreateBuilder<DetectorDefinition>(sections.Length);

        // With charts of residuals alone the plain measurements would be features that nothing looks at.
        if (features.IsEmpty && !(sections.Length > 0 && sections.All(d => d["Kind"] == DetectorDefinition.Mewma && !Children(d.GetSection("Features")).Any())))
        {
            features = [.. measurements.Select(m => new FeatureDefinition(m.Name, m.Name))];
        }

        ImmutableArray<string> named = [.. features.Select(f => f.Name)];
        ImmutableArray<FeatureDefinition> residuals = [];
        foreach (var detector in sections.Select(d => ReadDetector(d, named)))
        {
            if (detector is not { Kind: DetectorDefinition.Mewma, Features.IsEmpty: true })
            {
                detectors.Add(detector);
                continue;
            }

            residuals = ResidualFeatures.Of([.. measurements.Select(m => m.Name)], [.. measurements.Select(m => SmallestScaleShare * (m.NormalBand.High - m.NormalBand.Low))]);
            detectors.Add(detector with
            {
                Features = [.. residuals.Take(measurements.Length).Select(f => f.Name)],
                Telling = [.. residuals.Skip(measurements.Length).Select(f => f.Name)],
            });
        }

        foreach (var taken in residuals.Where(r => named.Contains(r.Name)))
        {
            Error(section, $"a Mewma without Features beside a feature {taken.Name}", "another name for that feature, or the Mewma's own Features");
        }

        features = [.. features, .. residuals];
        return detectors.MoveToImmutable();
    }

    private DetectorDefinition ReadDetector(IConfigurationSection section, ImmutableArray<string> features)
    {
        Only(section, "Kind", "Trees", "SampleSize", "BootstrapContamination", "TargetAlarmRate", "Features", "Telling");
        var kind = section["Kind"] ?? DetectorDefinition.IsolationForest;
        if (!DetectorDefinition.Kinds.Contains(kind))
        {
            Error(section.GetSection("Kind"), $"'{kind}'", $"one of {string.Join(", ", DetectorDefinition.Kinds)}");
        }

        if (kind != DetectorDefinition.Mewma && Children(section.GetSection("Telling")).Any())
        {
            Error(section.GetSection("Telling"), $"features that tell, of {kind},", "nothing: only Mewma has them");
        }

        return new DetectorDefinition(
            kind,
            ReadInteger(section.GetSection("Trees"), 1, 10_000, kind == DetectorDefinition.Recommended ? DetectorDefinition.RecommendedTrees : 100),
            ReadInteger(section.GetSection("SampleSize"), 2, 65_536, 256),
            ReadNumber(section.GetSection("BootstrapContamination"), double.Epsilon, 0.5, 0.1),
            ReadNumber(section.GetSection("TargetAlarmRate"), double.Epsilon, 0.5, 0.001))
        {
            Features = ReadFeatureNames(section.GetSection("Features"), features),
            Telling = ReadFeatureNames(section.GetSection("Telling"), features),
        };
    }

    private ImmutableArray<string> ReadFeatureNames(IConfigurationSection section, ImmutableArray<string> features)
    {
        var names = ImmutableArray.CreateBuilder<string>();
        foreach (var entry in Children(section))
        {
            var name = entry.Value ?? "";
            if (!features.Contains(name) || names.Contains(name))
            {
                Error(entry, $"'{name}'", $"a feature of the profile, each once: {string.Join(", ", features)}");
            }

            names.Add(name);
        }

        return names.ToImmutable();
    }

    private TimeSpan ReadInterval(IConfigurationSection section)
    {
        var value = TimeSpan.FromSeconds(10);
        if (section.Value is { } text && (!TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value)
            || value < TimeSpan.FromMilliseconds(1) || value > TimeSpan.FromDays(30)))
        {
            Error(section, $"'{text}'", "a duration hh:mm:ss from 00:00:00.001 to 30.00:00:00");
        }

        return value;
    }

    // NaN after an error, so that a comparison with it gives no second one.
    private double ReadNumber(IConfigurationSection section, double min, double max, double? byDefault)
    {
        if (section.Value is null && byDefault is { } value)
        {
            return value;
        }

        if (double.TryParse(section.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
        {
            return number;
        }

        Error(section, section.Value is null ? "missing" : $"'{section.Value}'", max == double.MaxValue ? "a finite number" : $"a number above 0 and at most {Text(max)}");
        return double.NaN;
    }

    private int ReadInteger(IConfigurationSection section, int min, int max, int byDefault)
    {
        var value = byDefault;
        if (section.Value is { } text && (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) || value < min || value > max))
        {
            Error(section, $"'{text}'", $"an integer from {min} to {max}");
        }

        return value;
    }

    // In a fixed order, and digits as numbers: the third detector comes before the eleventh.
    private IEnumerable<IConfigurationSection> Children(IConfiguration section) => section.GetChildren()
        .OrderBy(c => int.TryParse(c.Key, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : int.MaxValue)
        .ThenBy(c => c.Key, StringComparer.Ordinal);

    private void Only(IConfigurationSection section, params string[] known)
    {
        foreach (var child in section.GetChildren().Where(c => !known.Contains(c.Key, StringComparer.OrdinalIgnoreCase)))
        {
            Error(child, "an unknown key", string.Join(", ", known));
        }
    }

    private void CheckName(IConfigurationSection section, string what)
    {
        if (!SnakeCasePattern().IsMatch(section.Key))
        {
            Error(section, $"'{section.Key}' as {what}", SnakeCase);
        }
    }

    private void CheckUnits(SensorProfile[] profiles)
    {
        var first = new Dictionary<string, (string Profile, string Unit)>(StringComparer.Ordinal);
        foreach (var profile in profiles)
        {
            foreach (var measurement in profile.Measurements)
            {
                if (first.TryAdd(measurement.Name, (profile.Name, measurement.Unit)) || first[measurement.Name].Unit == measurement.Unit)
                {
                    continue;
                }

                _errors.Add($"{ProfileOptions.Section}:{profile.Name}:Measurements:{measurement.Name}:Unit: '{measurement.Unit}' is not accepted; "
                    + $"accepted is '{first[measurement.Name].Unit}', the unit of the same name in profile {first[measurement.Name].Profile}.");
            }
        }
    }

    private void Error(IConfigurationSection section, string value, string accepted) =>
        _errors.Add($"{section.Path}: {value} is not accepted; accepted is {accepted}.");

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^[a-z][a-z0-9_]{0,62}\z")]
    private static partial Regex SnakeCasePattern();
}
