using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Tabular;

/// <summary>
/// Copies a CSV row by row, in order and unchanged, and appends what a model says of each. To features that need a history the rows are the
/// readings of one sensor. Memory does not grow with the file.
/// </summary>
internal sealed class TabularScorer : IDisposable
{
    private const int BatchRows = 4_096;
    private const string ScoreColumn = "anomaly_score";
    private const string FlagColumn = "is_anomaly";
    private const string TopColumn = "top_measurement";

    private readonly ModelSnapshot _model;
    private readonly bool _explain;
    private readonly NumericCsv _csv;
    private readonly int[] _columns;
    private readonly FeatureSet _set;
    private readonly double[] _state;
    private readonly int _ownCount;
    private readonly Explainer? _explainer;
    private readonly ArrayBufferWriter<char> _records = new();
    private readonly int[] _recordEnds = new int[BatchRows];
    private readonly double[][] _measurements = new double[BatchRows][];
    private readonly float[][] _features;
    private readonly float[] _row;
    private readonly double[] _scores = new double[BatchRows];
    private readonly bool[] _unscored = new bool[BatchRows];
    private long _rows;

    /// <param name="explain">Adds the measurement that contributes most to flagged rows.</param>
    /// <exception cref="TabularInputException">The input cannot be used, or lacks a column of the model.</exception>
    public TabularScorer(ModelSnapshot model, string input, bool explain)
    {
        _model = model;
        _explain = explain;
        _csv = NumericCsv.Open(input);
        try
        {
            _columns = _csv.Find(model.MeasurementNames);
            var taken = new[] { ScoreColumn, FlagColumn, TopColumn }.Where(c => _csv.Names.Contains(c)).ToArray();
            if (taken.Length > 0)
            {
                throw new TabularInputException($"{input}: has the column {string.Join(", ", taken)} already.");
            }
        }
        catch (TabularInputException)
        {
            _csv.Dispose();
            throw;
        }

        _set = FeatureSet.OfColumns(model.MeasurementNames, [.. model.Card.Features.Select(f => new FeatureDefinition(f.Name, f.Expression))]);
        _state = new double[_set.StateSlots];
        _ownCount = _set.OwnCount;
        _explainer = explain ? new Explainer(model, _set) : null;
        _row = new float[_set.Count];
        _features = [.. model.FeatureNames.Select(_ => new float[BatchRows])];
        for (var r = 0; r < BatchRows; r++)
        {
            _measurements[r] = new double[_columns.Length];
        }
    }

    public long BytesTotal => _csv.Length;

    /// <summary>May be asked by another thread.</summary>
    public long BytesRead => _csv.BytesRead;

    /// <summary>Rows written; may be asked by another thread.</summary>
    public long Rows => Volatile.Read(ref _rows);

    public long Flagged { get; private set; }

    /// <summary>Rows with more than half of their features missing: their cells stay empty.</summary>
    public long NotScored { get; private set; }

    /// <summary>Scores all rows into a file, gzip when its name ends so. The file appears when it is complete.</summary>
    /// <exception cref="TabularInputException">A value that is not a number.</exception>
    public void Run(string output, CancellationToken cancellationToken) => OutputFile.Write(output, stream =>
    {
        using var packed = output.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(stream, CompressionLevel.Fastest) : stream;
        using var writer = new StreamWriter(packed, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 65_536);
        WriteHeader(writer);
        int rows;
        while ((rows = ReadBatch()) > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _model.Detector.Score(_features, rows, _scores);
            WriteBatch(writer, rows);
            Volatile.Write(ref _rows, _rows + rows);
        }
    });

    public void Dispose() => _csv.Dispose();

    private int ReadBatch()
    {
        var rows = 0;
        var features = _row;
        _records.ResetWrittenCount();
        while (rows < BatchRows && _csv.Read())
        {
            _records.Write(_csv.Record);
            _recordEnds[rows] = _records.WrittenCount;
            var measurements = _measurements[rows];
            for (var c = 0; c < _columns.Length; c++)
            {
                measurements[c] = _csv.Number(_columns[c]);
            }

            _set.Compute(measurements, _state, features);
            var missing = 0;
            for (var f = 0; f < features.Length; f++)
            {
                missing += float.IsNaN(features[f]) && _set.IsOwn(f) ? 1 : 0;
            }

            _model.Impute(features);
            _unscored[rows] = missing * 2 > _ownCount;
            for (var f = 0; f < features.Length; f++)
            {
                _features[f][rows] = features[f];
            }

            rows++;
        }

        return rows;
    }

    private void WriteHeader(StreamWriter writer)
    {
        foreach (var name in _csv.Names)
        {
            writer.Write(Quoted(name));
            writer.Write(_csv.Delimiter);
        }

        writer.Write(ScoreColumn);
        writer.Write(_csv.Delimiter);
        writer.Write(FlagColumn);
        if (_explain)
        {
            writer.Write(_csv.Delimiter);
            writer.Write(TopColumn);
        }

        writer.Write('\n');
    }

    private void WriteBatch(StreamWriter writer, int rows)
    {
        Span<char> number = stackalloc char[32];
        var start = 0;
        for (var r = 0; r < rows; r++)
        {
            writer.Write(_records.WrittenSpan[start.._recordEnds[r]]);
            start = _recordEnds[r];
            var isAnomaly = !_unscored[r] && _scores[r] > _model.Threshold;
            writer.Write(_csv.Delimiter);
            if (_unscored[r])
            {
                NotScored++;
                writer.Write(_csv.Delimiter);
            }
            else
            {
                _scores[r].TryFormat(number, out var length, default, CultureInfo.InvariantCulture);
                writer.Write(number[..length]);
                writer.Write(_csv.Delimiter);
                writer.Write(isAnomaly ? "true" : "false");
                Flagged += isAnomaly ? 1 : 0;
            }

            if (_explainer is not null)
            {
                writer.Write(_csv.Delimiter);
                writer.Write(isAnomaly ? Quoted(TopMeasurement(r)) : "");
            }

            writer.Write('\n');
        }
    }

    private string TopMeasurement(int row)
    {
        for (var f = 0; f < _row.Length; f++)
        {
            _row[f] = _features[f][row];
        }

        return _explainer!.Explain(_measurements[row], _row, _scores[row]).TopMeasurement;
    }

    private string Quoted(string text) => text.AsSpan().IndexOfAny(['"', '\n', '\r', _csv.Delimiter]) < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
