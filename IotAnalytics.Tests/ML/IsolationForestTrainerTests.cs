using IotAnalytics.Core.Modeling;
using IotAnalytics.ML;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace IotAnalytics.Tests.ML;

public sealed class IsolationForestTrainerTests : IDisposable
{
    private const int Outlier = 7;
    private readonly MLContext _context = new(seed: 1);
    private readonly string _folder = Directory.CreateTempSubdirectory("ml").FullName;

    [Fact]
    public void An_outlier_is_found()
    {
        var model = new IsolationForestTrainer(_context, new IsolationForestTrainer.Options { Contamination = 0.01, Seed = 3 }).Fit(Vectors());
        var scored = Read(model.Transform(Vectors()));

        Assert.Equal(Outlier, Array.IndexOf(scored, scored.MaxBy(s => s.Score)));
        Assert.True(scored[Outlier].PredictedLabel);
        Assert.Equal(5, scored.Count(s => s.PredictedLabel));
        Assert.All(scored, s => Assert.InRange(s.Score, 0, 1));
    }

    [Fact]
    public void It_is_a_step_of_a_chain_that_is_saved_and_loaded()
    {
        var chain = _context.Transforms.Concatenate("All", "A", "B", "C").Append(_context.Transforms.NormalizeMinMax("All"))
            .Append(new IsolationForestTrainer(_context, new IsolationForestTrainer.Options { FeatureColumnName = "All" }));
        var data = Table();
        var model = chain.Fit(data);
        var path = Path.Combine(_folder, "model.zip");
        _context.Model.Save(model, data.Schema, path);

        var other = new MLContext();
        IsolationForestTransformer.Register(other);
        var loaded = other.Model.Load(path, out var schema);

        Assert.Equal(data.Schema.Select(c => c.Name), schema.Select(c => c.Name));
        Assert.Equal(Read(model.Transform(data)), Read(loaded.Transform(data)));
        var engine = other.Model.CreatePredictionEngine<Row, Prediction>(loaded);
        Assert.Equal(Read(model.Transform(data))[Outlier].Score, engine.Predict(Rows()[Outlier]).Score);
    }

    [Fact]
    public void Its_columns_are_named_as_those_of_other_anomaly_detectors()
    {
        var data = Vectors();
        var trainer = new IsolationForestTrainer(_context, new IsolationForestTrainer.Options());
        var output = trainer.Fit(data).Transform(data).Schema;

        Assert.Equal(["Features", "Score", "PredictedLabel"], output.Select(c => c.Name));
        Assert.Equal(NumberDataViewType.Single, output["Score"].Type);
        Assert.Equal(BooleanDataViewType.Instance, output["PredictedLabel"].Type);
        var probe = new ShapeProbe(trainer);
        _context.Transforms.CopyColumns("Copy", "Features").Append(probe).Fit(data);
        Assert.Equal(["Copy", "Features", "PredictedLabel", "Score"], probe.Shape!.Select(c => c.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_model_file_inside_is_the_products_own()
    {
        var model = new IsolationForestTrainer(_context, new IsolationForestTrainer.Options { NumberOfTrees = 20 }).Fit(Vectors());
        var file = Path.Combine(_folder, "own.model");
        File.WriteAllBytes(file, model.ToModelFile());
        var again = IsolationForestTransformer.FromModelFile(_context, file);

        Assert.Equal(3, ModelFile.Read(File.ReadAllBytes(file)).Detector.FeatureCount);
        Assert.Equal(model.Threshold, again.Threshold);
        Assert.Equal(Read(model.Transform(Vectors())), Read(again.Transform(Vectors())));
        File.WriteAllText(file, "nothing");
        Assert.Contains("not a model file", Assert.Throws<InvalidDataException>(() => IsolationForestTransformer.FromModelFile(_context, file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_options_give_the_same_model_and_memory_is_bounded_by_the_sample()
    {
        var options = new IsolationForestTrainer.Options { MaximumTrainingRows = 100, Seed = 5 };

        Assert.Equal(new IsolationForestTrainer(_context, options).Fit(Vectors()).ToModelFile(), new IsolationForestTrainer(_context, options).Fit(Vectors()).ToModelFile());
        Assert.Equal(100, ModelFile.Read(new IsolationForestTrainer(_context, options).Fit(Vectors()).ToModelFile()).Card.TrainingRows);
    }

    [Fact]
    public void What_is_wrong_is_named()
    {
        var options = new IsolationForestTrainer.Options { NumberOfTrees = 0, Contamination = 0.7 };
        var error = Assert.Throws<ArgumentException>(() => new IsolationForestTrainer(_context, options));
        Assert.Contains("Contamination: 0.7", error.Message, StringComparison.Ordinal);
        Assert.Contains("trees: 0", error.Message, StringComparison.Ordinal);

        var trainer = new IsolationForestTrainer(_context, new IsolationForestTrainer.Options());
        Assert.Contains("'Features'", Assert.Throws<ArgumentOutOfRangeException>(() => trainer.Fit(Table())).Message, StringComparison.Ordinal);
        Assert.Contains("'Features'", Assert.Throws<ArgumentOutOfRangeException>(() => _context.Transforms.CopyColumns("D", "A").Append(trainer).Fit(Table())).Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Row[] Rows()
    {
        var columns = SampleRows();
        return [.. Enumerable.Range(0, 500).Select(r => new Row { A = columns[0][r], B = columns[1][r], C = columns[2][r] })];
    }

    private static float[][] SampleRows()
    {
        var columns = Modeling.SampleModels.Uniform(3, 500, seed: 8);
        columns[0][Outlier] = columns[1][Outlier] = 400;
        columns[2][9] = float.NaN;
        return columns;
    }

    private IDataView Table() => _context.Data.LoadFromEnumerable(Rows());

    private IDataView Vectors() => _context.Data.LoadFromEnumerable(Rows().Select(r => new VectorRow { Features = [r.A, r.B, r.C] }));

    private Prediction[] Read(IDataView scored) => [.. _context.Data.CreateEnumerable<Prediction>(scored, reuseRowObject: false)];

    private sealed class Row
    {
        public float A { get; set; }
        public float B { get; set; }
        public float C { get; set; }
    }

    private sealed class VectorRow
    {
        [VectorType(3)]
        public float[] Features { get; set; } = [];
    }

    private sealed record Prediction
    {
        public float Score { get; set; }
        public bool PredictedLabel { get; set; }
    }

    /// <summary>Keeps what a trainer promises on the way through a chain.</summary>
    private sealed class ShapeProbe(IEstimator<ITransformer> inner) : IEstimator<ITransformer>
    {
        public SchemaShape? Shape { get; private set; }

        public ITransformer Fit(IDataView input) => inner.Fit(input);

        public SchemaShape GetOutputSchema(SchemaShape inputSchema) => Shape = inner.GetOutputSchema(inputSchema);
    }
}
