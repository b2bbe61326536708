using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Lake;

/// <summary>Sensors by index, until the one of the readings feature is there.</summary>
internal sealed class SensorTable(ProfileCatalog catalog)
{
    private readonly List<(string Id, int Profile)> _sensors = [];

    public int Count => _sensors.Count;

    public string IdOf(int sensor) => _sensors[sensor].Id;

    public int ProfileOf(int sensor) => _sensors[sensor].Profile;

    public int Add(string id, string profile)
    {
        _sensors.Add((id, catalog.IndexOf(profile)));
        return _sensors.Count - 1;
    }
}
