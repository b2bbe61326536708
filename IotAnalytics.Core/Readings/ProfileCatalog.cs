using System.Collections.Immutable;
using IotAnalytics.Core.Readings.Features;

namespace IotAnalytics.Core.Readings;

/// <summary>All profiles, and the union of their measurements as the columns of batches and of the lake. Immutable.</summary>
public sealed class ProfileCatalog
{
    private readonly Dictionary<string, int> _columns;
    private readonly Lazy<FeatureSet>[] _features;

    public ProfileCatalog(IEnumerable<SensorProfile> profiles)
    {
        Profiles = [.. profiles.OrderBy(p => p.Name, StringComparer.Ordinal)];
        Measurements =
        [
            .. Profiles.SelectMany(p => p.Measurements).DistinctBy(m => m.Name).OrderBy(m => m.Name, StringComparer.Ordinal),
        ];
        _columns = Measurements.Select((m, i) => (m.Name, i)).ToDictionary(x => x.Name, x => x.i, StringComparer.Ordinal);
        // Lazy, because profiles with errors are put into a catalog too, to be reported.
        _features = [.. Profiles.Select(p => new Lazy<FeatureSet>(() => new FeatureSet(p, this)))];
        ProfileColumns = [.. Profiles.Select(p => p.Measurements.Select(m => _columns[m.Name]).ToImmutableArray())];
    }

    /// <summary>Ordered by name; the position is the profile's index within a batch.</summary>
    public ImmutableArray<SensorProfile> Profiles { get; }

    /// <summary>Every measurement name once, ordered by name; the position is the column.
    /// Ranges differ between profiles: take them from the profile.</summary>
    public ImmutableArray<MeasurementDefinition> Measurements { get; }

    /// <summary>For each profile, the columns of its measurements, in the profile's order.</summary>
    public ImmutableArray<ImmutableArray<int>> ProfileColumns { get; }

    /// <summary>The compiled features of a profile.</summary>
    internal FeatureSet FeaturesOf(int profile) => _features[profile].Value;

    /// <summary>The column of a measurement, or -1.</summary>
    public int ColumnOf(string measurement) => _columns.GetValueOrDefault(measurement, -1);

    /// <summary>The index of a profile, or -1.</summary>
    public int IndexOf(string profile)
    {
        for (var i = 0; i < Profiles.Length; i++)
        {
            if (Profiles[i].Name == profile)
            {
                return i;
            }
        }

        return -1;
    }
}
