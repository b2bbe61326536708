using System.Collections.Immutable;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>Readings of whole sensors over a period, sensor after sensor, each in the order of its stream, with their features.</summary>
internal sealed class ReplayedPeriod
{
    /// <summary>Readings of each sensor that only bring features of a history to where they are in a running host.</summary>
    public const int WarmUp = ReadingRules.WarmUpReadings;

    private readonly bool[] _own;

    private ReplayedPeriod(FeatureSet set, int measurements, int rows)
    {
        FeatureSet = set;
        Values = [.. Enumerable.Range(0, measurements).Select(_ => new double[rows])];
        EventMs = new long[rows];
        IsOutOfOrder = new bool[rows];
        IsJudged = new bool[rows];
        Rows = [.. Enumerable.Repeat(default(ReadingIdentity), rows)];
        Features = new FeatureTable(set.Count, rows);
        _own = [.. Enumerable.Range(0, set.Count).Select(set.IsOwn)];
    }

    public FeatureSet FeatureSet { get; }

    /// <summary>Of each sensor: its first row and how many it has.</summary>
    public ImmutableArray<SensorSeries> Series { get; private init; }

    /// <summary>One array per measurement in the profile's order; NaN where missing.</summary>
    public double[][] Values { get; }

    /// <summary>Event time, Unix ms.</summary>
    public long[] EventMs { get; }

    public bool[] IsOutOfOrder { get; }

    /// <summary>Whether alarms on the row are counted: past the warm-up, and nothing is known that makes it unfit as an example of a healthy plant.</summary>
    public bool[] IsJudged { get; }

    public ReadingIdentity[] Rows { get; }

    /// <summary>NaN where missing.</summary>
    public FeatureTable Features { get; }

    /// <param name="chunks">In the order of the streams; rows of one sensor in one partition.</param>
    /// <param name="isHealthy">False for a row of a chunk that no model may learn from.</param>
    public static ReplayedPeriod Of(FeatureSet set, int measurements, IReadOnlyList<ReadingColumns> chunks, Func<ReadingColumns, int, bool> isHealthy)
    {
        var bySensor = new SortedDictionary<string, List<(ReadingColumns Chunk, int Row)>>(StringComparer.Ordinal);
        foreach (var chunk in chunks)
        {
            for (var r = 0; r < chunk.Rows; r++)
            {
                var sensor = chunk.Sensors[chunk.Sensor[r]];
                if (!bySensor.TryGetValue(sensor, out var own))
                {
                    bySensor.Add(sensor, own = []);
                }

                own.Add((chunk, r));
            }
        }

        var series = ImmutableArray.CreateBuilder<SensorSeries>(bySensor.Count);
        var first = 0;
        foreach (var (sensor, own) in bySensor)
        {
            series.Add(new SensorSeries(sensor, first, own.Count));
            first += own.Count;
        }

        var period = new ReplayedPeriod(set, measurements, first) { Series = series.MoveToImmutable() };
        foreach (var one in period.Series)
        {
            period.Fill(one, bySensor[one.Sensor], isHealthy);
        }

        return period;
    }

    /// <summary>Scores as the pipeline gives them; NaN where it would not score.</summary>
    public double[] Score(ModelSnapshot model) => Score(model, Features);

    /// <summary>The same for rows that came of this period's.</summary>
    public double[] Score(ModelSnapshot model, FeatureTable features)
    {
        var imputed = new FeatureTable(features.Columns.Length, features.Rows);
        var missing = new int[features.Rows];
        for (var f = 0; f < features.Columns.Length; f++)
        {
            var (from, to) = (features.Columns[f], imputed.Columns[f]);
            for (var r = 0; r < from.Length; r++)
            {
                to[r] = float.IsNaN(from[r]) ? model.FeatureMedians[f] : from[r];
                missing[r] += float.IsNaN(from[r]) && _own[f] ? 1 : 0;
            }
        }

        var scores = imputed.Score(model.Detector);
        for (var r = 0; r < scores.Length; r++)
        {
            scores[r] = missing[r] * 2 > FeatureSet.OwnCount ? double.NaN : scores[r];
        }

        return scores;
    }

    /// <summary>Computes the features of a row with its sensor's state, which changes unless the row is older than the newest one.</summary>
    public void Compute(int row, ReadOnlySpan<double> values, double[] state, float[] into) =>
        FeatureSet.Compute(values, IsOutOfOrder[row] ? (double[])state.Clone() : state, into);

    private void Fill(SensorSeries one, List<(ReadingColumns Chunk, int Row)> from, Func<ReadingColumns, int, bool> isHealthy)
    {
        var state = new double[FeatureSet.StateSlots];
        var values = new double[Values.Length];
        var features = new float[FeatureSet.Count];
        var warmUp = FeatureSet.StateSlots > 0 ? WarmUp : 0;
        for (var i = 0; i < from.Count; i++)
        {
            var (chunk, r) = from[i];
            var row = one.First + i;
            for (var m = 0; m < values.Length; m++)
            {
                Values[m][row] = values[m] = chunk.Values[m][r];
            }

            EventMs[row] = chunk.EventMs[r];
            IsOutOfOrder[row] = (chunk.Flags[r] & ReadingFlags.OutOfOrder) != 0;
            Rows[row] = new ReadingIdentity(chunk.SourceId, chunk.Partition, chunk.Offset[r], chunk.Item[r]);
            IsJudged[row] = i >= warmUp && (chunk.Flags[r] & ReadingFlags.NotScored) == 0 && isHealthy(chunk, r);
            Compute(row, values, state, features);
            for (var f = 0; f < features.Length; f++)
            {
                Features.Columns[f][row] = features[f];
            }
        }
    }
}

/// <param name="First">Its first row.</param>
/// <param name="Rows">How many it has.</param>
internal sealed record SensorSeries(string Sensor, int First, int Rows);
