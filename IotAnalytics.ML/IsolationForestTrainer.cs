using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Scoring;
using Microsoft.ML;
using Microsoft.ML.Data;
using Forests = IotAnalytics.Core.Modeling.Forests;

namespace IotAnalytics.ML;

/// <summary>
/// Trains an isolation forest (Liu, Ting, Zhou 2008) for anomaly detection, without labels. Input: a vector of <see cref="float"/> of known
/// size. Output: <c>Score</c> (<see cref="float"/>, 0..1, higher is more anomalous) and <c>PredictedLabel</c> (<see cref="bool"/>, true is
/// anomalous), named as ML.NET's anomaly detectors name them. The same rows and options give the same model, bit for bit.
/// </summary>
public sealed class IsolationForestTrainer : IEstimator<IsolationForestTransformer>
{
    /// <summary>The default name of the column of features.</summary>
    public const string DefaultFeatureColumnName = "Features";

    private const int ExplanationRows = 16;
    private const int MaxReferenceRows = 10_000;

    private readonly MLContext _context;
    private readonly Options _options;

    /// <summary>With options.</summary>
    /// <exception cref="ArgumentException">An option is out of range; the message names all that are.</exception>
    public IsolationForestTrainer(MLContext context, Options options)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(options);
        string[] errors = [.. options.Errors()];
        if (errors.Length > 0)
        {
            throw new ArgumentException(string.Join("; ", errors), nameof(options));
        }

        _context = context;
        _options = options;
    }

    /// <summary>How a forest is grown and where it is cut.</summary>
    public sealed class Options
    {
        /// <summary>The column of features. Default <c>Features</c>.</summary>
        public string FeatureColumnName { get; set; } = DefaultFeatureColumnName;

        /// <summary>Number of trees, 1 to 10,000. Default 100.</summary>
        public int NumberOfTrees { get; set; } = 100;

        /// <summary>Rows per tree, 2 to 65,536, drawn without replacement; fewer when there are fewer. Default 256.</summary>
        public int SampleSize { get; set; } = 256;

        /// <summary>Depth limit of a tree, 1 to 1,000. Default null: the logarithm of the sample size, rounded up.</summary>
        public int? MaximumDepth { get; set; }

        /// <summary>Share of training rows to flag, above 0 and at most 0.5. Default null: rows with a score above 0.5.</summary>
        public double? Contamination { get; set; }

        /// <summary>Training rows kept in memory, an even sample, 2 to 10,000,000. Default 100,000.</summary>
        public int MaximumTrainingRows { get; set; } = 100_000;

        /// <summary>The same seed gives the same model. Default 0.</summary>
        public long Seed { get; set; }

        internal Forests.IsolationForestOptions Forest => new() { Trees = NumberOfTrees, SampleSize = SampleSize, MaxDepth = MaximumDepth, Seed = Seed };

        internal IEnumerable<string> Errors()
        {
            if (string.IsNullOrEmpty(FeatureColumnName))
            {
                yield return $"{nameof(FeatureColumnName)} is empty";
            }

            if (Contamination is { } share && !(share > 0 && share <= 0.5))
            {
                yield return $"{nameof(Contamination)}: {share} is not above 0 and at most 0.5";
            }

            if (MaximumTrainingRows is < 2 or > 10_000_000)
            {
                yield return $"{nameof(MaximumTrainingRows)}: {MaximumTrainingRows} is not within 2..10000000";
            }

            foreach (var error in Forest.Errors())
            {
                yield return error;
            }
        }
    }

    /// <summary>Trains on all rows, or on an even sample of them. A value that is not finite is taken as missing: the median stands in for it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or no vector of floats of known size.</exception>
    /// <exception cref="InvalidOperationException">Too few rows.</exception>
    public IsolationForestTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var sample = TrainingSample.Read(input, _options);
        var medians = sample.Medians();
        sample.Impute(medians);
        Forests.IsolationForest forest;
        try
        {
            forest = Forests.IsolationForestTrainer.Train(sample.Columns, sample.Rows, _options.Forest, CancellationToken.None);
        }
        catch (TrainingException e)
        {
            throw new InvalidOperationException(e.Message, e);
        }

        return IsolationForestTransformer.Create(_context, Snapshot(forest, sample, medians), _options.FeatureColumnName, input);
    }

    /// <summary>The columns of the input, and Score and PredictedLabel.</summary>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return inputSchema.Any(c => c.Name == _options.FeatureColumnName && c.ItemType == NumberDataViewType.Single && c.Kind == SchemaShape.Column.VectorKind.Vector)
            ? IsolationForestTransformer.OutputShape(_context, _options.FeatureColumnName, inputSchema)
            : throw new ArgumentOutOfRangeException(nameof(inputSchema), $"There is no column '{_options.FeatureColumnName}' that is a vector of floats of known size.");
    }

    private ModelSnapshot Snapshot(Forests.IsolationForest forest, FeatureTable sample, float[] medians)
    {
        var scores = sample.Score(forest);
        var threshold = _options.Contamination is { } share ? Thresholds.ByContamination(scores, share) : Thresholds.AverageRow;
        double[][] rows = [.. Enumerable.Range(0, Math.Min(MaxReferenceRows, sample.Rows)).Select(r => sample.Columns.Select(c => (double)c[r]).ToArray())];
        var ranges = ReferenceRanges.Of(rows, forest.FeatureCount);
        string[] names = [.. Enumerable.Range(0, forest.FeatureCount).Select(f => $"f{f}")];
        return ModelFile.Seal(new ModelSnapshot
        {
            Card = new ModelCard
            {
                Name = "isolation-forest",
                Version = "1",
                Kind = forest.Kind,
                Source = "ML.NET",
                TrainingRows = sample.Rows,
                ReferenceRows = rows.Length,
                Seed = _options.Seed,
                Parameters = Forests.ForestParameters.Of(forest),
                Features = [.. names.Select((n, i) => new ModelCardFeature(n, n, medians[i]))],
                Measurements = [.. names.Select((n, i) => new ModelCardMeasurement(n, "", ranges[i].P1, ranges[i].P99))],
                Threshold = new ModelCardThreshold(
                    threshold, _options.Contamination is null ? ModelCardThreshold.Fixed : ModelCardThreshold.Contamination, _options.Contamination),
            },
            Detector = forest,
            Threshold = threshold,
            FeatureNames = [.. names],
            FeatureMedians = medians,
            MeasurementNames = [.. names],
            ExpectedRanges = ranges,
            ReferenceScores = [.. scores.Take(rows.Length).Order()],
            ReferenceRows = rows[..Math.Min(ExplanationRows, rows.Length)],
        });
    }
}
