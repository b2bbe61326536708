using System.Text;
using IotAnalytics.Core.Readings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Tests.Readings;

public class ProfileReaderTests
{
    [Fact]
    public void The_shipped_settings_are_the_profile_that_is_used_without_any()
    {
        var shipped = Read(File.ReadAllText(Path.Combine(RepositoryRoot(), "appsettings.json")));
        var none = Read("{}");

        Assert.Empty(shipped.Errors);
        Assert.Equal(SensorProfileJsonTests.Json(Assert.Single(none.Profiles)), SensorProfileJsonTests.Json(Assert.Single(shipped.Profiles)));
    }

    [Fact]
    public void A_profile_needs_little()
    {
        var read = Read("""{"Profiles":{"motor":{"Measurements":{"b":{"Min":0,"Max":1},"a":{"Min":-1e9,"Max":1e9}}}}}""");

        Assert.Empty(read.Errors);
        var profile = Assert.Single(read.Profiles);
        Assert.Equal(TimeSpan.FromSeconds(10), profile.ExpectedInterval);
        Assert.Equal(["a", "b"], profile.Measurements.Select(m => m.Name));
        Assert.Equal([new FeatureDefinition("a", "a"), new FeatureDefinition("b", "b")], profile.Features);
        Assert.Equal([new DetectorDefinition("IsolationForest", 100, 256, 0.1, 0.001)], profile.Detectors);
        Assert.Equal([("1", null, null), ("1", null, null)], profile.Measurements.Select(m => (m.Unit, m.Normal, m.Anomalous)));
    }

    [Theory]
    [InlineData("""{"Climate":{M}}""", "Profiles:Climate: 'Climate' as a profile's name is not accepted; accepted is snake_case, 1 to 63 characters of a-z 0-9 _ with a letter first.")]
    [InlineData("""{"p":{}}""", "Profiles:p:Measurements: 0 measurements is not accepted; accepted is 1 to 1000.")]
    [InlineData("""{"p":{M,"ExpectedInterval":"soon"}}""", "Profiles:p:ExpectedInterval: 'soon' is not accepted; accepted is a duration hh:mm:ss from 00:00:00.001 to 30.00:00:00.")]
    [InlineData("""{"p":{M,"ExpectedInterval":"00:00:00"}}""", "Profiles:p:ExpectedInterval: '00:00:00' is not accepted; accepted is a duration hh:mm:ss from 00:00:00.001 to 30.00:00:00.")]
    [InlineData("""{"p":{M,"Detector":[{"Trees":1}]}}""", "Profiles:p:Detector: an unknown key is not accepted; accepted is ExpectedInterval, Measurements, Features, Detectors, Training.")]
    [InlineData("""{"p":{"Measurements":{"9x":{"Min":0,"Max":1}}}}""", "Profiles:p:Measurements:9x: '9x' as a measurement's name is not accepted; accepted is snake_case, 1 to 63 characters of a-z 0-9 _ with a letter first.")]
    [InlineData("""{"p":{"Measurements":{"value":{"Min":0,"Max":1}}}}""", "Profiles:p:Measurements:value: the measurement name 'value' is not accepted; accepted is a name that is not a fixed column or field (such as sensor_id, timestamp, value, flags).")]
    [InlineData("""{"p":{"Measurements":{"x":{"Max":1}}}}""", "Profiles:p:Measurements:x:Min: missing is not accepted; accepted is a finite number.")]
    [InlineData("""{"p":{"Measurements":{"x":{"Min":"NaN","Max":1}}}}""", "Profiles:p:Measurements:x:Min: 'NaN' is not accepted; accepted is a finite number.")]
    [InlineData("""{"p":{"Measurements":{"x":{"Min":1,"Max":1}}}}""", "Profiles:p:Measurements:x:Max: 1 is not accepted; accepted is a number above Min, 1.")]
    [InlineData("""{"p":{"Measurements":{"x":{"Min":0,"Max":1,"Mode":2}}}}""", "Profiles:p:Measurements:x:Mode: an unknown key is not accepted; accepted is Unit, Min, Max, Normal, Anomalous.")]
    [InlineData("""{"p":{"Measurements":{"x":{"Min":0,"Max":1,"Unit":"m s"}}}}""", "Profiles:p:Measurements:x:Unit: 'm s' is not accepted; accepted is a UCUM code, 1 to 32 printable ASCII characters.")]
    [InlineData("""{"p":{"Measurements":{"x":{"Min":0,"Max":1,"Normal":[1]}}}}""", "Profiles:p:Measurements:x:Normal: 1 numbers is not accepted; accepted is two numbers, [low, high].")]
    [InlineData("""{"p":{"Measurements":{"x":{"Min":0,"Max":1,"Normal":"1-2"}}}}""", "Profiles:p:Measurements:x:Normal: '1-2' is not accepted; accepted is two numbers, [low, high].")]
    [InlineData("""{"p":{"Measurements":{"x":{"Min":0,"Max":1,"Anomalous":[2,1]}}}}""", "Profiles:p:Measurements:x:Anomalous: [2, 1] is not accepted; accepted is two numbers, the lower one first.")]
    [InlineData("""{"p":{M,"Features":{"F":"x"}}}""", "Profiles:p:Features:F: 'F' as a feature's name is not accepted; accepted is snake_case, 1 to 63 characters of a-z 0-9 _ with a letter first.")]
    [InlineData("""{"p":{M,"Features":{"f":"x / y"}}}""", "Profiles:p:Features:f: 'x / y' is not an expression: position 5: found 'y', accepted is a measurement of the profile: x.")]
    [InlineData("""{"p":{M,"Detectors":[{"Kind":"Magic"}]}}""", "Profiles:p:Detectors:0:Kind: 'Magic' is not accepted; accepted is one of IsolationForest, Recommended, Pca, Mewma.")]
    [InlineData("""{"p":{M,"Detectors":[{"Features":["z"]}]}}""", "Profiles:p:Detectors:0:Features:0: 'z' is not accepted; accepted is a feature of the profile, each once: x.")]
    [InlineData("""{"p":{M,"Detectors":[{"Kind":"Pca","Telling":["x"]}]}}""", "Profiles:p:Detectors:0:Telling: features that tell, of Pca, is not accepted; accepted is nothing: only Mewma has them.")]
    [InlineData("""{"p":{M,"Features":{"x_shift":"x"},"Detectors":[{"Kind":"Mewma"}]}}""", "Profiles:p:Detectors: a Mewma without Features beside a feature x_shift is not accepted; accepted is another name for that feature, or the Mewma's own Features.")]
    [InlineData("""{"p":{M,"Features":{"f":"ewma(x)"}}}""", "Profiles:p:Features:f: 'ewma(x)' is not an expression: position 7: found ')', accepted is , and ewma's span.")]
    [InlineData("""{"p":{M,"Features":{"f":"ewma(x, x)"}}}""", "Profiles:p:Features:f: 'ewma(x, x)' is not an expression: position 9: found 'x', accepted is a number of readings from 1 to 1000000.")]
    [InlineData("""{"p":{M,"Detectors":[{"Trees":0}]}}""", "Profiles:p:Detectors:0:Trees: '0' is not accepted; accepted is an integer from 1 to 10000.")]
    [InlineData("""{"p":{M,"Detectors":[{"SampleSize":65537}]}}""", "Profiles:p:Detectors:0:SampleSize: '65537' is not accepted; accepted is an integer from 2 to 65536.")]
    [InlineData("""{"p":{M,"Detectors":[{"BootstrapContamination":0}]}}""", "Profiles:p:Detectors:0:BootstrapContamination: '0' is not accepted; accepted is a number above 0 and at most 0.5.")]
    [InlineData("""{"p":{M,"Detectors":[{"TargetAlarmRate":0.51}]}}""", "Profiles:p:Detectors:0:TargetAlarmRate: '0.51' is not accepted; accepted is a number above 0 and at most 0.5.")]
    [InlineData("""{"p":{M},"q":{"Measurements":{"x":{"Unit":"Cel","Min":0,"Max":1}}}}""", "Profiles:q:Measurements:x:Unit: 'Cel' is not accepted; accepted is '1', the unit of the same name in profile p.")]
    public void A_mistake_is_named_by_key_value_and_what_is_accepted(string profiles, string error)
    {
        var read = Read($$"""{"Profiles":{{profiles.Replace("M}", "\"Measurements\":{\"x\":{\"Min\":0,\"Max\":1}}}", StringComparison.Ordinal).Replace("M,", "\"Measurements\":{\"x\":{\"Min\":0,\"Max\":1}},", StringComparison.Ordinal)}}}""");

        Assert.Equal([error], read.Errors);
    }

    [Fact]
    public void A_chart_brings_the_residuals_that_it_watches()
    {
        var beside = Assert.Single(Read("""{"Profiles":{"p":{"Measurements":{"x":{"Min":0,"Max":4}},"Detectors":[{},{"Kind":"Mewma"}]}}}""").Profiles);
        var alone = Assert.Single(Read("""{"Profiles":{"p":{"Measurements":{"x":{"Min":0,"Max":4}},"Detectors":[{"Kind":"Mewma"}]}}}""").Profiles);

        Assert.Equal(["x", "x_shift", "x_jump"], beside.Features.Select(f => f.Name));
        Assert.Equal("ewma(residual(\"x\", 10000, 0.0666666666666667), 12.333)", beside.Features[1].Expression);
        Assert.Equal(["x_shift"], beside.Detectors[1].Features);
        Assert.Equal(["x_jump"], beside.Detectors[1].Telling);
        Assert.Equal(["x_shift", "x_jump"], alone.Features.Select(f => f.Name));
    }

    [Fact]
    public async Task A_host_with_bad_profiles_does_not_start_and_says_everything_at_once()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Profiles:p:Measurements:x:Min"] = "low",
            ["Profiles:p:Measurements:x:Max"] = "high",
            ["Profiles:p:Detectors:0:Trees"] = "many",
        });
        builder.Services.AddReadings(builder.Configuration);
        using var host = builder.Build();

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal(3, error.Failures.Count());
    }

    [Fact]
    public void The_catalog_holds_the_configured_profiles()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Profiles:b:Measurements:x:Min"] = "0",
            ["Profiles:b:Measurements:x:Max"] = "1",
            ["Profiles:a:Measurements:y:Min"] = "0",
            ["Profiles:a:Measurements:y:Max"] = "1",
        }).Build();
        using var services = new ServiceCollection().AddReadings(configuration).BuildServiceProvider();

        var catalog = services.GetRequiredService<ProfileCatalog>();

        Assert.Equal(["a", "b"], catalog.Profiles.Select(p => p.Name));
        Assert.Equal(["x", "y"], catalog.Measurements.Select(m => m.Name));
    }

    private static ProfileOptions Read(string json) =>
        ProfileReader.Read(new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build().GetSection("Profiles"));

    private static string RepositoryRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "IotAnalytics.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
}
