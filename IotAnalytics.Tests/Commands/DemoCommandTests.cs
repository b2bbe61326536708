using System.Text.Json;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;
using IotAnalytics.Tests.EndToEnd;

namespace IotAnalytics.Tests.Commands;

public sealed class DemoCommandTests : IDisposable
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "IotAnalytics.Web");
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-demo-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_demo_sends_75_readings_finds_the_anomalies_and_leaves_three_tables()
    {
        var output = await OutsideProgram.RunAsync(Program, "demo", "--speed", "60", "--json", "--data", _folder);

        using var json = JsonDocument.Parse(output);
        var result = json.RootElement;
        int Number(string name) => result.GetProperty(name).GetInt32();
        Assert.Equal(75, Number("total_readings"));
        Assert.Equal(75, Number("normal_readings") + Number("anomalies_detected"));
        Assert.True(Number("true_anomalies") > 0);
        Assert.Equal(Number("true_anomalies"), Number("correct_detections") + Number("missed"));
        Assert.Equal(Number("anomalies_detected"), Number("correct_detections") + Number("false_alarms"));
        Assert.Equal((0, 0), (Number("missed"), Number("false_alarms")));

        using var oracle = new LakeOracle(_folder);
        Assert.Equal(8, oracle.Lake<long>("SELECT count(*) FROM bronze"));
        Assert.Equal(Number("normal_readings"), oracle.Lake<long>("SELECT count(*) FROM silver"));
        Assert.Equal(Number("anomalies_detected"), oracle.Lake<long>("SELECT count(*) FROM gold"));
    }

    [Fact]
    public async Task Sample_detections_are_printed_in_the_owners_form()
    {
        var output = await OutsideProgram.RunAsync(Program, "demo", "--speed", "60", "--data", _folder);

        Assert.Matches(@"sensor_00[1-5]: T=\d+\.\d\d°C, H=\d+\.\d\d% -> ANOMALY CORRECT", output);
        Assert.Matches(@"Total readings\s+75", output);
    }

    [Fact]
    public async Task A_model_that_always_says_normal_makes_the_demo_fail()
    {
        var model = BootstrapTrainer.Train(ClimateProfile.Default, 1, "1") with { Threshold = 1 };
        var file = Path.Combine(_folder, "normal.model");
        await File.WriteAllBytesAsync(file, ModelFile.Write(model), TestContext.Current.CancellationToken);

        var (exitCode, output, error) = await OutsideProgram.TryAsync(
            Program, "demo", "--speed", "60", "--model", file, "--json", "--data", Path.Combine(_folder, "data"));

        Assert.True(exitCode == 1, error + output);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(0, json.RootElement.GetProperty("anomalies_detected").GetInt32());
    }

    [Fact]
    public async Task Several_seeds_are_run_through_the_whole_path_and_their_distribution_is_shown()
    {
        var output = await OutsideProgram.RunAsync(Program, "demo", "--seeds", "5", "--json");

        using var json = JsonDocument.Parse(output);
        Assert.Equal(5, json.RootElement.GetProperty("seeds").GetInt32());
        Assert.Equal(5, json.RootElement.GetProperty("distribution").EnumerateArray().Sum(d => d.GetProperty("seeds").GetInt32()));
        Assert.True(json.RootElement.GetProperty("true_anomalies").GetInt32() > 5);
    }

    [Theory]
    [InlineData("--seconds", "0", "--seconds")]
    [InlineData("--speed", "fast", "fast")]
    [InlineData("--seeds", "-1", "--seeds")]
    [InlineData("--model", "/no/such/model", "/no/such/model")]
    public async Task A_bad_option_is_named_in_one_line(string option, string value, string named)
    {
        var (exitCode, _, error) = await OutsideProgram.TryAsync(Program, "demo", option, value);

        Assert.Equal(2, exitCode);
        Assert.Contains(named, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }
}
