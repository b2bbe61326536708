using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Interop;
using IotAnalytics.Core.Modeling.Interop.ScikitLearn;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Tests.Modeling.Interop.ScikitLearn;

/// <summary><c>forest.json</c> was written by scikit-learn 1.2.1 with the script in docs/interop.md, and beside it what it makes of some rows.</summary>
public class ScikitLearnImportTests
{
    /// <summary>Path lengths have 65,535 steps: half a step in every tree.</summary>
    private const double Quantisation = 1e-5;

    private static readonly byte[] Json = File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(ThisFile())!, "forest.json"));

    [Fact]
    public void Scores_are_those_of_scikit_learn()
    {
        var model = Read(Json);
        var expected = JsonNode.Parse(Json)!;
        var rows = Rows(expected["rows"]!.AsArray());
        var scores = SampleModels.Score(model.Detector, rows);

        Assert.Equal(["temperature", "humidity", "load"], model.FeatureNames);
        for (var r = 0; r < scores.Length; r++)
        {
            Assert.Equal(-(double)expected["score_samples"]![r]!, scores[r], Quantisation);
            Assert.Equal((int)expected["predict"]![r]! == -1, scores[r] > model.Threshold);
        }
    }

    [Fact]
    public void The_model_can_be_stored_and_explains()
    {
        var model = Read(Json);
        var stored = ModelFile.Read(ModelFile.Write(model));
        var rows = Rows(JsonNode.Parse(Json)!["rows"]!.AsArray());

        Assert.Equal(SampleModels.Score(model.Detector, rows), SampleModels.Score(stored.Detector, rows));
        Assert.Equal(16, stored.ReferenceRows.Length);
        Assert.Equal(40, stored.ReferenceScores.Length);
    }

    [Theory]
    [InlineData("format", "\"lightgbm\"", "format is 'lightgbm'")]
    [InlineData("version", "2", "version is 2; this program reads 1")]
    [InlineData("features", "[]", "features has 0 names")]
    [InlineData("features", "[\"a\",\"a\",\"b\"]", "empty or repeated name")]
    [InlineData("max_samples", "1", "max_samples is 1")]
    [InlineData("trees", "[]", "trees has 0 entries")]
    [InlineData("trees", "[null]", "tree 0: it is null")]
    [InlineData("trees", "null", "Not a forest of scikit-learn in JSON")]
    [InlineData("reference", "[]", "reference has 0 rows")]
    [InlineData("reference", "[[1,2]]", "a row of reference")]
    [InlineData("reference", "[[1,2,1e300]]", "a row of reference")]
    public void What_is_wrong_is_named(string field, string value, string message)
    {
        var forest = JsonNode.Parse(Json)!;
        forest[field] = JsonNode.Parse(value);

        Assert.Contains(message, Assert.Throws<InteropException>(() => Read(Bytes(forest))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"feature":[0],"threshold":[0,1],"left":[-1],"right":[-1],"samples":[3]}""", "different lengths")]
    [InlineData("""{"feature":[0,0,0],"threshold":[1,0,0],"left":[0,-1,-1],"right":[2,-1,-1],"samples":[3,1,2]}""", "node 0 has two parents")]
    [InlineData("""{"feature":[0,0],"threshold":[0,0],"left":[-1,-1],"right":[-1,-1],"samples":[3,2]}""", "1 of its nodes cannot be reached")]
    [InlineData("""{"feature":[0,0,0],"threshold":[1,0,0],"left":[1,-1,-1],"right":[1,-1,-1],"samples":[3,1,2]}""", "node 1 has two parents")]
    [InlineData("""{"feature":[0,0,0],"threshold":[1,0,0],"left":[1,-1,-1],"right":[7,-1,-1],"samples":[3,1,2]}""", "child 7 of 3")]
    [InlineData("""{"feature":[0,0,0],"threshold":[1,0,0],"left":[1,-1,-1],"right":[-5,-1,-1],"samples":[3,1,2]}""", "child -5 of 3")]
    [InlineData("""{"feature":[9,0,0],"threshold":[1,0,0],"left":[1,-1,-1],"right":[2,-1,-1],"samples":[3,1,2]}""", "tests feature 9 of 3")]
    [InlineData("""{"feature":[0,0,0],"threshold":[-1e99,0,0],"left":[1,-1,-1],"right":[2,-1,-1],"samples":[3,1,2]}""", "against -1E+99")]
    [InlineData("""{"feature":[0,0,0],"threshold":[1,0,0],"left":[1,-1,-1],"right":[2,-1,-1],"samples":[3,0,2]}""", "leaf 1 has 0 samples")]
    public void A_tree_that_is_none_is_refused(string tree, string message)
    {
        var forest = JsonNode.Parse(Json)!;
        forest["trees"]![3] = JsonNode.Parse(tree);
        var error = Assert.Throws<InteropException>(() => Read(Bytes(forest))).Message;

        Assert.Contains("tree 3:", error, StringComparison.Ordinal);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Mutated_JSON_gives_a_model_or_a_clear_error()
    {
        var random = new Xoshiro256(seed: 5, stream: 0);
        ReadOnlySpan<byte> likely = "0123456789-.eE,[]{}\"ntx: "u8;
        int refused = 0, read = 0;
        for (var round = 0; round < 1_000; round++)
        {
            var forged = Json[..(random.NextBelow(8) == 0 ? random.NextBelow(Json.Length) : Json.Length)];
            for (var changes = random.NextBelow(4); changes >= 0 && forged.Length > 0; changes--)
            {
                forged[random.NextBelow(forged.Length)] = random.NextBelow(4) == 0 ? (byte)random.Next() : likely[random.NextBelow(likely.Length)];
            }

            try
            {
                var model = Read(forged);
                Assert.All(SampleModels.Score(model.Detector, [[1f], [2f], [3f]]), s => Assert.InRange(s, 0, 1));
                read++;
            }
            catch (InteropException e)
            {
                Assert.NotEmpty(e.Message);
                refused++;
            }
        }

        Assert.True(refused > 100, $"{refused} refused");
        Assert.True(read > 50, $"{read} read");
    }

    private static ModelSnapshot Read(byte[] json) => ScikitLearnImport.Read(json, "imported", "forest.json");

    private static byte[] Bytes(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString());

    private static float[][] Rows(JsonArray rows) => [.. Enumerable.Range(0, 3).Select(c => rows.Select(r => (float)r![c]!).ToArray())];

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
