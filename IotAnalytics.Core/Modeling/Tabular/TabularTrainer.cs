using System.Collections.Immutable;
using IotAnalytics.Core.Modeling.Detectors;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Tabular;

/// <summary>
/// Trains a model from a file of any length in bounded memory: an even sample of the rows is kept, four fifths of it grow the forest and
/// the rest is the reference. The same file, options and seed give the same model file, byte for byte.
/// </summary>
internal sealed class TabularTrainer(TabularTrainingOptions options) : IDisposable
{
    private const int MaxReferenceRows = 10_000;
    private const int ExplanationRows = 16;

    /// <summary>Below this there is nothing to hold out: the reference is then what grew the forest.</summary>
    private const int FewestRowsToSplit = 50;

    /// <summary>Streams of the seed; trees have those from 0 on.</summary>
    private const long SampleStream = -1;
    private const long SplitStream = -2;

    private readonly NumericCsv _csv = NumericCsv.Open(options.Input);
    private long _rows;

    /// <summary>Bytes of the file.</summary>
    public long BytesTotal => _csv.Length;

    /// <summary>Bytes read so far; may be asked by another thread.</summary>
    public long BytesRead => _csv.BytesRead;

    /// <summary>Rows read so far; may be asked by another thread.</summary>
    public long Rows => Volatile.Read(ref _rows);

    /// <summary>Columns that were left out because their first cell is not a number.</summary>
    public ImmutableArray<string> LeftOut { get; private set; } = [];

    /// <exception cref="TabularInputException">The input cannot be used.</exception>
    /// <exception cref="TrainingException">Too few rows.</exception>
    public ModelSnapshot Train(CancellationToken cancellationToken)
    {
        if (!_csv.Read())
        {
            throw new TabularInputException($"{options.Input}: no rows below the header.");
        }

        var label = options.Label is null ? -1 : _csv.Find([options.Label])[0];
        var columns = ChooseColumns(label);
        ImmutableArray<string> names = [.. columns.Select(c => _csv.Names[c])];
        var definitions = TabularDetector.FeaturesOf(options.Detector, names);
        int[] own = [.. Enumerable.Range(0, definitions.Length)];
        var set = Compile(names, definitions);
        var kept = ReadSample(columns, set, label, cancellationToken);
        var (grow, reference) = Split(kept.Count);
        var training = kept.Take(grow).Select(own);
        var medians = training.Medians();
        training.Impute(medians);
        var heldRows = kept.Take(reference);
        var held = heldRows.Select(own);
        held.Impute(medians);
        int[] all = [.. Enumerable.Range(0, kept.Count)];
        var everything = kept.Take(all).Select(own);
        everything.Impute(medians);
        var detector = TabularDetector.Train(options.Detector, options.Forest, training, held, everything, cancellationToken);
        var heldScores = held.Score(detector);
        var scores = everything.Score(detector);

        var ascending = heldScores.Order().ToArray();
        var rule = Threshold(detector, scores, ascending);
        var rows = Measurements(set.StateSlots == 0 ? held : heldRows.Select([.. Enumerable.Range(definitions.Length, columns.Length)]));
        var ranges = ReferenceRanges.Of(rows, columns.Length);
        return ModelFile.Seal(new ModelSnapshot
        {
            Card = new ModelCard
            {
                Name = options.Name,
                Version = "1",
                Kind = detector.Kind,
                Source = Path.GetFileName(options.Input),
                TrainingRows = grow.Length,
                ReferenceRows = reference.Length,
                Seed = options.Forest.Seed,
                Parameters = DetectorParameters.Of(detector),
                Features = [.. definitions.Select((d, i) => new ModelCardFeature(d.Name, d.Expression, medians[i]))],
                Measurements = [.. names.Select((n, i) => new ModelCardMeasurement(n, "", ranges[i].P1, ranges[i].P99))],
                Threshold = rule,
                Evaluation = Evaluate(scores, label < 0 ? null : kept.TakeLabels(all), rule.Value),
                ScoringPath = (detector as IsolationForest)?.ScoringPath,
            },
            Detector = detector,
            Threshold = rule.Value,
            FeatureNames = [.. definitions.Select(d => d.Name)],
            FeatureMedians = medians,
            MeasurementNames = names,
            ExpectedRanges = ranges,
            ReferenceScores = ascending,
            ReferenceRows = Unremarkable(rows, heldScores, rule.Value),
        });
    }

    public void Dispose() => _csv.Dispose();

    private int[] ChooseColumns(int label)
    {
        if (!options.Features.IsEmpty)
        {
            return options.Label is { } name && options.Features.Contains(name)
                ? throw new TabularInputException($"The label {options.Label} is among the features.")
                : _csv.Find(options.Features);
        }

        var candidates = Enumerable.Range(0, _csv.Names.Length).Where(c => c != label).ToArray();
        LeftOut = [.. candidates.Where(c => !_csv.IsNumeric(c)).Select(c => _csv.Names[c])];
        int[] columns = [.. candidates.Where(_csv.IsNumeric)];
        return columns.Length > 0 ? columns : throw new TabularInputException($"{options.Input}: no column of line {_csv.Line} holds a number.");
    }

    private FeatureSet Compile(ImmutableArray<string> names, ImmutableArray<FeatureDefinition> definitions)
    {
        try
        {
            return FeatureSet.OfColumns(names, definitions);
        }
        catch (ArgumentException e)
        {
            throw new TabularInputException($"{options.Input}: a column's name cannot be used with --detector {options.Detector}: {e.Message}");
        }
    }

    /// <summary>Rows of features; behind them the row's measurements, when those are not the features.</summary>
    private RowReservoir ReadSample(int[] columns, FeatureSet set, int label, CancellationToken cancellationToken)
    {
        var sample = new RowReservoir(set.Count + (set.StateSlots == 0 ? 0 : columns.Length), options.Forest.Seed, SampleStream);
        var row = new float[set.Count + columns.Length];
        var kept = row.AsSpan(0, set.StateSlots == 0 ? set.Count : row.Length);
        var measurements = new double[columns.Length];
        var state = new double[set.StateSlots];
        do
        {
            for (var c = 0; c < columns.Length; c++)
            {
                measurements[c] = _csv.Number(columns[c]);
                row[set.Count + c] = (float)measurements[c];
            }

            set.Compute(measurements, state, row);
            if (set.StateSlots == 0 || HasHistory(row.AsSpan(0, set.Count)))
            {
                sample.Add(kept, label >= 0 && IsAnomaly(label));
            }

            Volatile.Write(ref _rows, _rows + 1);
            cancellationToken.ThrowIfCancellationRequested();
        }
        while (_csv.Read());
        return sample.Count > 0 ? sample : throw new TrainingException($"--detector {options.Detector} learns from rows in order of time, the first {StatefulFunctions.WarmUp} of which only tell where it begins; {options.Input} has {_rows}.");
    }

    /// <summary>Whether the features of a history are there: during the warm-up half of them are not.</summary>
    private static bool HasHistory(ReadOnlySpan<float> features)
    {
        var missing = 0;
        foreach (var feature in features)
        {
            missing += float.IsNaN(feature) ? 1 : 0;
        }

        return missing * 2 < features.Length;
    }

    private bool IsAnomaly(int label)
    {
        var cell = _csv.Cell(label);
        if (bool.TryParse(cell, out var flag))
        {
            return flag;
        }

        return float.TryParse(cell, System.Globalization.CultureInfo.InvariantCulture, out var value) && value is 0 or 1
            ? value == 1
            : throw new TabularInputException($"{options.Input}: line {_csv.Line}, label {options.Label}: '{cell}' is neither 0 nor 1 (nor false or true).");
    }

    private (int[] Grow, int[] Reference) Split(int rows)
    {
        int[] order = [.. Enumerable.Range(0, rows)];
        var random = new Xoshiro256(options.Forest.Seed, SplitStream);
        for (var i = rows - 1; i > 0; i--)
        {
            var j = random.NextBelow(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        var reference = Math.Min(MaxReferenceRows, rows / 5);
        return rows < FewestRowsToSplit ? (order, order) : (order[reference..], order[..reference]);
    }

    private ModelCardThreshold Threshold(IAnomalyDetector detector, double[] scores, double[] ascendingReference)
    {
        if (options.Contamination is { } contamination)
        {
            return new ModelCardThreshold(Thresholds.ByContamination(scores, contamination), ModelCardThreshold.Contamination, contamination);
        }

        if (detector is IFeatureContributions)
        {
            return new ModelCardThreshold(ProfileDetector.ControlLimit, ModelCardThreshold.Fixed);
        }

        const double rate = TabularTrainingOptions.AutomaticAlarmRate;
        return Thresholds.IsEnough(ascendingReference.Length, rate)
            ? new ModelCardThreshold(Thresholds.ByAlarmRate(ascendingReference, rate), ModelCardThreshold.AlarmRate, rate)
            : new ModelCardThreshold(Thresholds.AverageRow, ModelCardThreshold.Fixed);
    }

    private static ImmutableSortedDictionary<string, double> Evaluate(double[] scores, bool[]? labels, double threshold)
    {
        var figures = ImmutableSortedDictionary.CreateBuilder<string, double>(StringComparer.Ordinal);
        figures["sample_rows"] = scores.Length;
        figures["flagged_share"] = scores.Count(s => s > threshold) / (double)scores.Length;
        if (labels is not null && labels.Contains(true) && labels.Contains(false))
        {
            figures["anomaly_share"] = labels.Count(l => l) / (double)labels.Length;
            figures["roc_auc"] = RankingMetrics.RocAuc(scores, labels);
            figures["average_precision"] = RankingMetrics.AveragePrecision(scores, labels);
        }

        return figures.ToImmutable();
    }

    private static double[][] Measurements(FeatureTable table)
    {
        var rows = new double[table.Rows][];
        for (var r = 0; r < rows.Length; r++)
        {
            rows[r] = [.. table.Columns.Select(c => (double)c[r])];
        }

        return rows;
    }

    private static double[][] Unremarkable(double[][] rows, double[] scores, double threshold)
    {
        double[][] below = [.. rows.Where((_, r) => scores[r] <= threshold).Take(ExplanationRows)];
        return below.Length > 0 ? below : rows[..Math.Min(ExplanationRows, rows.Length)];
    }
}
