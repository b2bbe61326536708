using System.Runtime.CompilerServices;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Tests.Modeling;
using IotAnalytics.Web.Commands;
using Microsoft.ML.OnnxRuntime;

namespace IotAnalytics.Tests.Commands;

public sealed class ModelCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-model-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_model_is_exported_to_a_file_that_ONNX_Runtime_opens()
    {
        var model = SampleModels.Plain(3, new IsolationForestOptions { Trees = 5, SampleSize = 32 });
        File.WriteAllBytes(At("a.model"), ModelFile.Write(model));
        var (exitCode, output, _) = await CommandRun.RunAsync(ModelCommand.Create(), "export", "--input", At("a.model"), "--format", "onnx", "--output", At("a.onnx"));

        Assert.Equal(0, exitCode);
        Assert.Contains("a.onnx", output, StringComparison.Ordinal);
        using var session = new InferenceSession(At("a.onnx"));
        Assert.Equal([-1, 3], session.InputMetadata["features"].Dimensions);
        Assert.Equal("a,b,c", session.ModelMetadata.CustomMetadataMap["features"]);
        Assert.Equal(model.Sha256, session.ModelMetadata.CustomMetadataMap["model_sha256"]);
    }

    [Fact]
    public async Task A_forest_of_scikit_learn_becomes_a_model_file()
    {
        var (exitCode, output, _) = await CommandRun.RunAsync(ModelCommand.Create(), "import", "--input", ScikitLearnForest(), "--output", At("b.model"));

        Assert.Equal(0, exitCode);
        Assert.Contains("b version 1 (IsolationForest)", output, StringComparison.Ordinal);
        Assert.Equal(["temperature", "humidity", "load"], ModelFile.Read(File.ReadAllBytes(At("b.model"))).FeatureNames);
    }

    [Fact]
    public async Task What_cannot_be_used_is_named_and_nothing_is_written()
    {
        File.WriteAllText(At("text.json"), "a,b\n1,2\n");
        await Refused("no such file", "import", "--input", At("missing.json"), "--output", At("x"));
        await Refused("Not a forest of scikit-learn", "import", "--input", At("text.json"), "--output", At("x"));
        await Refused("not a model file", "export", "--input", At("text.json"), "--output", At("x"));
        await Refused("'pmml': accepted is onnx", "export", "--input", At("text.json"), "--format", "pmml", "--output", At("x"));

        Assert.False(File.Exists(At("x")));
    }

    private static async Task Refused(string message, params string[] arguments)
    {
        var error = await Assert.ThrowsAsync<CommandException>(() => CommandRun.RunAsync(ModelCommand.Create(), arguments));
        Assert.Equal(CommandLine.BadInput, error.ExitCode);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private string At(string name) => Path.Combine(_folder, name);

    private static string ScikitLearnForest([CallerFilePath] string thisFile = "") =>
        Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "Modeling", "Interop", "ScikitLearn", "forest.json");
}
