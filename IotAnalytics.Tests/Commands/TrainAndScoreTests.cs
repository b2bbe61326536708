using System.CommandLine;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Detectors;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Tests.Modeling;
using IotAnalytics.Web.Commands;

namespace IotAnalytics.Tests.Commands;

public sealed class TrainAndScoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-train-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_trained_model_scores_every_row_in_order_and_finds_the_odd_ones()
    {
        var input = Table("plant.csv", rows: 2_000, oddEvery: 100);
        var train = await TrainAsync("--input", input, "--output", At("m.model"), "--label", "odd", "--contamination", "0.01", "--seed", "3");
        Assert.Equal(("", 0), (train.Message, train.ExitCode));
        Assert.Matches("roc_auc +1\n", train.Output);
        Assert.Matches("average_precision +1\n", train.Output);
        Assert.Contains("m version 1 (IsolationForest)", train.Output, StringComparison.Ordinal);
        Assert.Contains("left out, not numbers: machine", train.Output, StringComparison.Ordinal);

        var score = await ScoreAsync("--model", At("m.model"), "--input", input, "--output", At("out.csv"), "--explain");
        Assert.Equal(("", 0), (score.Message, score.ExitCode));
        var before = File.ReadAllLines(input);
        var after = File.ReadAllLines(At("out.csv"));
        Assert.Equal(before[0] + ",anomaly_score,is_anomaly,top_measurement", after[0]);
        Assert.Equal(before.Length, after.Length);
        for (var line = 1; line < before.Length; line++)
        {
            Assert.StartsWith(before[line] + ",0.", after[line], StringComparison.Ordinal);
            var odd = before[line].EndsWith(",1", StringComparison.Ordinal);
            Assert.EndsWith(odd ? ",true,pressure" : ",false,", after[line], StringComparison.Ordinal);
        }

        Assert.Contains("2,000 rows, 20 anomalous", score.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_recommended_combination_is_trained_written_and_scored()
    {
        var input = Table("plant.csv", rows: 600, oddEvery: 100);
        var train = await TrainAsync("--input", input, "--output", At("m.model"), "--label", "odd", "--detector", "recommended", "--contamination", "auto", "--trees", "40");
        Assert.Equal(("", 0), (train.Message, train.ExitCode));
        Assert.Contains("m version 1 (Combined)", train.Output, StringComparison.Ordinal);
        Assert.Matches("roc_auc +1\n", train.Output);

        var score = await ScoreAsync("--model", At("m.model"), "--input", input, "--output", At("out.csv"), "--explain");
        Assert.Equal(("", 0), (score.Message, score.ExitCode));
        Assert.All(
            File.ReadAllLines(At("out.csv")).Skip(1).Where(l => l.Contains(",true,", StringComparison.Ordinal)),
            l => Assert.EndsWith(",true,pressure", l, StringComparison.Ordinal));
        Assert.Equal(3, Assert.IsType<CombinedDetector>(Read("m.model").Detector).Members.Length);
    }

    [Fact]
    public async Task An_oblique_forest_is_trained_by_its_options()
    {
        var input = Table("plant.csv", rows: 300, oddEvery: 100);
        var train = await TrainAsync(
            "--input", input, "--output", At("m.model"), "--extension-level", "full", "--split-criterion", "averaged-gain", "--leaf-metric", "density", "--trees", "5", "--max-depth", "3");
        Assert.Equal(("", 0), (train.Message, train.ExitCode));
        var forest = Assert.IsType<ObliqueForest>(Read("m.model").Detector);
        Assert.Equal((3, 3, LeafMetric.Density), (forest.LargestTest, forest.Depth, forest.Metric));

        var bad = await TrainAsync("--input", input, "--output", At("m.model"), "--extension-level", "some", "--split-criterion", "gini");
        Assert.Equal(2, bad.ExitCode);
        Assert.Contains("--extension-level 'some': accepted is 0 to 65533, or full", bad.Message, StringComparison.Ordinal);
        Assert.Contains("--split-criterion 'gini': accepted is random, averaged-gain, pooled-gain", bad.Message, StringComparison.Ordinal);
        var mixed = await TrainAsync("--input", input, "--output", At("m.model"), "--detector", "recommended", "--max-depth", "3");
        Assert.Equal((2, "--max-depth is for --detector isolation-forest"), (mixed.ExitCode, mixed.Message));
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_file_and_the_label_changes_nothing_but_the_evaluation()
    {
        var input = Table("t.csv", rows: 500, oddEvery: 50);
        await TrainAsync("--input", input, "--output", At("a.model"), "--features", "temperature,pressure");
        Directory.CreateDirectory(At("again"));
        await TrainAsync("--input", input, "--output", At("again/a.model"), "--features", "temperature,pressure");
        await TrainAsync("--input", input, "--output", At("labelled.model"), "--features", "temperature,pressure", "--label", "odd");

        Assert.Equal(File.ReadAllBytes(At("a.model")), File.ReadAllBytes(At("again/a.model")));
        var plain = Assert.IsType<IsolationForest>(Read("a.model").Detector);
        var labelled = Assert.IsType<IsolationForest>(Read("labelled.model").Detector);
        Assert.Equal(plain.Nodes, labelled.Nodes);
    }

    [Fact]
    public async Task Gzip_semicolons_quotes_missing_and_constant_cells_are_taken()
    {
        var text = new StringBuilder("\"a;1\";b;constant;empty\r\n");
        for (var i = 0; i < 300; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{(i % 7 == 0 ? "" : i % 13)};{(i % 5 == 0 ? "NaN" : "\"" + i + "\"")};4;\r\n");
        }

        Pack("in.csv.gz", text.ToString());
        var train = await TrainAsync("--input", At("in.csv.gz"), "--output", At("m.model"), "--contamination", "auto");
        Assert.Equal(("", 0), (train.Message, train.ExitCode));
        Assert.Contains("0.5 (fixed)", train.Output, StringComparison.Ordinal);

        var score = await ScoreAsync("--model", At("m.model"), "--input", At("in.csv.gz"), "--output", At("out.csv.gz"));
        Assert.Equal(("", 0), (score.Message, score.ExitCode));
        Assert.Contains("9 not scored", score.Output, StringComparison.Ordinal);
        using var unpacked = new StreamReader(new GZipStream(File.OpenRead(At("out.csv.gz")), CompressionMode.Decompress));
        var lines = unpacked.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(301, lines.Length);
        Assert.Equal("\"a;1\";b;constant;empty;anomaly_score;is_anomaly", lines[0]);
        Assert.Equal(";NaN;4;;;", lines[1]);
        Assert.Matches("^1;\"1\";4;;0\\.[0-9]+;(true|false)$", lines[2]);
    }

    [Fact]
    public async Task A_model_of_a_profile_scores_its_measurements()
    {
        File.WriteAllBytes(At("climate.model"), ModelFile.Write(BootstrapTrainer.Train(SampleModels.Climate, seed: 1)));
        File.WriteAllText(At("in.csv"), "humidity,note,temperature\n55,\"fine, thanks\",23\n3,hot,99\n");
        await ScoreAsync("--model", At("climate.model"), "--input", At("in.csv"), "--output", At("out.csv"), "--explain");

        var lines = File.ReadAllLines(At("out.csv"));
        Assert.Matches("^55,\"fine, thanks\",23,0\\.4[0-9]+,false,$", lines[1]);
        Assert.Matches("^3,hot,99,0\\.[67][0-9]+,true,(temperature|humidity)$", lines[2]);
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("\n\n", "the file is empty")]
    [InlineData("a,b\n", "no rows below the header")]
    [InlineData("a,b\n1,2\n3,oops\n", "line 3, column b: 'oops' is not a finite number")]
    [InlineData("a,b\n1,2\n\n3,1e999\n", "line 4, column b: '1e999' is not a finite number")]
    [InlineData("a,b\n1,2\n3\n", "line 3 has 1 cells, the header has 2")]
    [InlineData("a,a\n1,2\n", "empty or repeated name")]
    [InlineData("1,2\n3,4\n", "the first line must name the columns")]
    [InlineData("name,place\nx,y\n", "no column of line 2 holds a number")]
    [InlineData("a,b\n1,2\n", "at least 2 rows")]
    [InlineData("a\0b\n1", "binary data")]
    [InlineData("{\"a\":1}\n{\"a\":2}\n", "no column of line 2 holds a number")]
    public async Task A_bad_input_ends_with_one_clear_line(string content, string message)
    {
        File.WriteAllText(At("bad.csv"), content);
        var train = await TrainAsync("--input", At("bad.csv"), "--output", At("m.model"));

        Assert.Equal(2, train.ExitCode);
        Assert.Contains(message, train.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', train.Message);
        Assert.False(File.Exists(At("m.model")));
    }

    [Fact]
    public async Task Bad_arguments_are_all_named_at_once()
    {
        var train = await TrainAsync("--input", At("none.csv"), "--output", At("m.model"), "--trees", "0", "--contamination", "0.7", "--detector", "magic");

        Assert.Equal(2, train.ExitCode);
        Assert.Contains("trees: 0", train.Message, StringComparison.Ordinal);
        Assert.Contains("--contamination '0.7'", train.Message, StringComparison.Ordinal);
        Assert.Contains("--detector 'magic': accepted is isolation-forest, recommended", train.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_files_and_columns_are_named()
    {
        var input = Table("t.csv", rows: 100, oddEvery: 50);
        Assert.Contains("none.csv: no such file", (await TrainAsync("--input", At("none.csv"), "--output", At("m.model"))).Message, StringComparison.Ordinal);
        Assert.Contains("no column nope", (await TrainAsync("--input", input, "--output", At("m.model"), "--features", "pressure,nope")).Message, StringComparison.Ordinal);
        Assert.Contains("no column nope", (await TrainAsync("--input", input, "--output", At("m.model"), "--label", "nope")).Message, StringComparison.Ordinal);
        Assert.Contains("label pressure", (await TrainAsync("--input", input, "--output", At("m.model"), "--label", "pressure")).Message, StringComparison.Ordinal);

        File.WriteAllBytes(At("m.model"), ModelFile.Write(SampleModels.Plain(2, new IsolationForestOptions { Trees = 3 })));
        var score = await ScoreAsync("--model", At("m.model"), "--input", input, "--output", At("out.csv"));
        Assert.Equal(2, score.ExitCode);
        Assert.Contains("no column a, b; the header has machine, temperature, pressure, odd", score.Message, StringComparison.Ordinal);
        Assert.Contains("not a model file", (await ScoreAsync("--model", input, "--input", input, "--output", At("out.csv"))).Message, StringComparison.Ordinal);
        Assert.Contains("none.model: no such file", (await ScoreAsync("--model", At("none.model"), "--input", input, "--output", At("out.csv"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_run_leaves_no_half_output()
    {
        var lines = File.ReadAllLines(Table("t.csv", rows: 6_000, oddEvery: 50));
        lines[5_500] = "m,warm,1,0";
        File.WriteAllLines(At("broken.csv"), lines);
        await TrainAsync("--input", At("t.csv"), "--output", At("m.model"), "--features", "temperature,pressure");
        var score = await ScoreAsync("--model", At("m.model"), "--input", At("broken.csv"), "--output", At("out.csv"));

        Assert.Equal(2, score.ExitCode);
        Assert.Contains("line 5501, column temperature: 'warm'", score.Message, StringComparison.Ordinal);
        Assert.Equal(["broken.csv", "m.model", "t.csv"], Directory.GetFiles(_folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_an_io_error()
    {
        var input = Table("t.csv", rows: 100, oddEvery: 50);

        var error = await Assert.ThrowsAsync<IOException>(() => TrainAsync("--input", input, "--output", At("none/m.model")));
        Assert.Contains("none/m.model: cannot be written (no such folder)", error.Message, StringComparison.Ordinal);
    }

    private static Task<Ended> TrainAsync(params string[] arguments) => RunAsync(TrainCommand.Create(), arguments);

    private static Task<Ended> ScoreAsync(params string[] arguments) => RunAsync(ScoreCommand.Create(), arguments);

    private static async Task<Ended> RunAsync(Command command, string[] arguments)
    {
        try
        {
            var (exitCode, output, _) = await CommandRun.RunAsync(command, arguments);
            return new Ended(exitCode, output, "");
        }
        catch (CommandException e)
        {
            return new Ended(e.ExitCode, "", e.Message);
        }
    }

    private string At(string name) => Path.Combine(_folder, name);

    private Core.Scoring.ModelSnapshot Read(string name) => ModelFile.Read(File.ReadAllBytes(At(name)));

    private string Table(string name, int rows, int oddEvery)
    {
        var random = new Xoshiro256(seed: rows, stream: 0);
        var text = new StringBuilder("machine,temperature,pressure,odd\n");
        for (var i = 0; i < rows; i++)
        {
            var odd = i % oddEvery == oddEvery / 2;
            var temperature = 20 + random.NextUniform() + random.NextUniform() + random.NextUniform();
            var pressure = odd ? 9 + random.NextUniform() : 2 + 0.2 * random.NextUniform();
            text.Append(CultureInfo.InvariantCulture, $"m{i % 3},{temperature:F3},{pressure:F4},{(odd ? 1 : 0)}\n");
        }

        File.WriteAllText(At(name), text.ToString());
        return At(name);
    }

    private void Pack(string name, string text)
    {
        using var packed = new GZipStream(File.Create(At(name)), CompressionLevel.Fastest);
        packed.Write(Encoding.UTF8.GetBytes(text));
    }

    private sealed record Ended(int ExitCode, string Output, string Message);
}
