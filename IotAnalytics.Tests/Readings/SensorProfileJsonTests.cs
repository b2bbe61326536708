using System.Text.Json;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Tests.Readings;

/// <summary>The scoring plan stores profiles as JSON and is named by its hash: the text must come back byte for byte.</summary>
public class SensorProfileJsonTests
{
    [Fact]
    public void A_profile_keeps_everything_through_json()
    {
        var profile = ClimateProfile.Default with
        {
            ExpectedInterval = TimeSpan.FromTicks(12_345_678_901),
            Measurements = [new("a", "m/s2", -0.1, 1e300, null, new ValueBand(1.0 / 3, 2.0 / 3)), new("b", "%", double.MinValue, double.Epsilon, new ValueBand(0, 1), null)],
        };

        var text = Json(profile);
        var copy = JsonSerializer.Deserialize<SensorProfile>(text)!;

        Assert.Equal(text, Json(copy));
        Assert.Equal((profile.Name, profile.ExpectedInterval), (copy.Name, copy.ExpectedInterval));
        Assert.Equal(profile.Measurements, copy.Measurements);
        Assert.Equal(profile.Features, copy.Features);
        Assert.Equal(profile.Detectors, copy.Detectors);
    }

    [Fact]
    public void The_text_of_a_profile_does_not_change() => Assert.Equal(
        """{"Name":"climate","ExpectedInterval":"00:00:10","Measurements":[{"Name":"humidity","Unit":"%","Min":0,"Max":100,"Normal":{"Low":40,"High":70},"Anomalous":{"Low":0,"High":20}},{"Name":"temperature","Unit":"Cel","Min":-50,"Max":200,"Normal":{"Low":18,"High":28},"Anomalous":{"Low":80,"High":120}}],"Features":[{"Name":"humidity","Expression":"humidity"},{"Name":"temperature","Expression":"temperature"},{"Name":"temperature_humidity_ratio","Expression":"temperature / max(humidity, 1)"}],"Detectors":[{"Kind":"IsolationForest","Trees":100,"SampleSize":256,"BootstrapContamination":0.1,"TargetAlarmRate":0.001,"Features":[],"Telling":[]}]}""",
        Json(ClimateProfile.Default));

    internal static string Json(SensorProfile profile) => JsonSerializer.Serialize(profile);
}
