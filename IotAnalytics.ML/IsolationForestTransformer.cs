using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Scoring;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace IotAnalytics.ML;

/// <summary>
/// A trained isolation forest as a step of an ML.NET pipeline: appends <c>Score</c> and <c>PredictedLabel</c>. It is stored by
/// <c>MLContext.Model.Save</c> with the model file inside; before <c>MLContext.Model.Load</c> call <see cref="Register"/> once.
/// </summary>
public sealed class IsolationForestTransformer : ITransformer
{
    /// <summary>0..1, higher is more anomalous.</summary>
    public const string ScoreColumnName = "Score";

    /// <summary>Whether the score is above the threshold.</summary>
    public const string PredictedLabelColumnName = "PredictedLabel";

    internal const string HiddenFeatures = "__IsolationForest.Features";
    internal const string HiddenKey = "__IsolationForest.Key";
    internal const string HiddenModel = "__IsolationForest.Model";
    internal const int TheKey = 1;

    private readonly ITransformer _steps;
    private readonly ModelSnapshot _model;

    private IsolationForestTransformer(ITransformer steps, ModelSnapshot model)
    {
        _steps = steps;
        _model = model;
    }

    /// <summary>A row is anomalous when its score is above; 0..1.</summary>
    public double Threshold => _model.Threshold;

    /// <summary>Number of features.</summary>
    public int FeatureCount => _model.Detector.FeatureCount;

    bool ITransformer.IsRowToRowMapper => true;

    /// <summary>Makes models with an isolation forest inside loadable: ML.NET loads only what it was told of.</summary>
    public static void Register(MLContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.ComponentCatalog.RegisterAssembly(typeof(IsolationForestTransformer).Assembly);
    }

    /// <summary>A transformer from a model file, as the command line's <c>train</c> writes it: its features are the vector's slots, in order.</summary>
    /// <param name="featureColumnName">A vector of <see cref="float"/>.</param>
    /// <exception cref="InvalidDataException">Not a model file.</exception>
    public static IsolationForestTransformer FromModelFile(MLContext context, string path, string featureColumnName = IsolationForestTrainer.DefaultFeatureColumnName)
    {
        ArgumentNullException.ThrowIfNull(context);
        ModelSnapshot model;
        try
        {
            model = ModelFile.Read(File.ReadAllBytes(path));
        }
        catch (ModelFileException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }

        var columns = SchemaDefinition.Create(typeof(FeatureRow));
        columns[0].ColumnName = featureColumnName;
        columns[0].ColumnType = new VectorDataViewType(NumberDataViewType.Single, model.Detector.FeatureCount);
        return Create(context, model, featureColumnName, context.Data.LoadFromEnumerable(Array.Empty<FeatureRow>(), columns));
    }

    /// <summary>The bytes of a model file, which the command line's <c>score</c> and the host read.</summary>
    public byte[] ToModelFile() => ModelFile.Write(_model);

    /// <summary>The schema of the output for a schema of the input.</summary>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => _steps.GetOutputSchema(inputSchema);

    /// <summary>Appends the columns; rows are scored when they are read.</summary>
    public IDataView Transform(IDataView input) => _steps.Transform(input);

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema) => _steps.GetRowToRowMapper(inputSchema);

    void ICanSaveModel.Save(ModelSaveContext ctx) => _steps.Save(ctx);

    /// <param name="input">Any rows with the column of features: only the schema is looked at.</param>
    internal static IsolationForestTransformer Create(MLContext context, ModelSnapshot model, string featureColumn, IDataView input) =>
        new(Steps(context, ForestText.Write(model), featureColumn).Fit(input), model);

    /// <summary>The columns of the output for those of the input.</summary>
    internal static SchemaShape OutputShape(MLContext context, string featureColumn, SchemaShape input) =>
        Steps(context, "", featureColumn).GetOutputSchema(input);

    /// <summary>ML.NET stores its own steps only, so ours are made of these: the model file lies in a constant column.</summary>
    private static IEstimator<ITransformer> Steps(MLContext context, string text, string featureColumn) => context.Transforms
        .CopyColumns(HiddenFeatures, featureColumn)
        .Append(context.Transforms.CustomMapping<FeatureRow, ModelKey>(ModelKeyMapping.Map, ModelKeyMapping.Contract))
        .Append(context.Transforms.Conversion.MapValue(HiddenModel, [new KeyValuePair<int, string>(TheKey, text)], HiddenKey))
        .Append(context.Transforms.StatefulCustomMapping<ForestRow, ForestPrediction, ForestMapping.Scorer>(ForestMapping.Map, _ => { }, ForestMapping.Contract))
        .Append(context.Transforms.DropColumns(HiddenFeatures, HiddenKey, HiddenModel));
}
