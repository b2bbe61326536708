using System.Globalization;
using IotAnalytics.Core.Modeling.Drift;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Benchmarks.Evaluate.Drift;

/// <summary>A forest of a feed's first part with what drift is measured against.</summary>
internal sealed class DriftModel
{
    private static readonly FeatureSet Features = new(ClimateProfile.Default, new ProfileCatalog([ClimateProfile.Default]));
    private readonly IsolationForest _forest;
    private readonly double[] _reference;
    private readonly ModelCardBins?[] _bins;
    private readonly ModelCardBins? _scoreBins;

    public DriftModel(DriftFeed training)
    {
        var table = Table(training);
        int[] growing = [.. Enumerable.Range(0, table.Rows).Where(r => r % 4 == 0)], others = [.. Enumerable.Range(0, table.Rows).Where(r => r % 4 != 0)];
        _forest = IsolationForestTrainer.Train(
            [.. table.Columns.Select(c => growing.Select(r => c[r]).ToArray())], growing.Length, new IsolationForestOptions { Seed = 42 }, CancellationToken.None);
        var scores = table.Score(_forest);
        _reference = [.. others.Select(r => scores[r]).Order()];
        _bins = [.. table.Columns.Select(c => StabilityIndex.BinsOf(others.Select(r => (double)c[r])))];
        _scoreBins = StabilityIndex.BinsOf(_reference);
    }

    /// <summary>The feed's readings as the charts take them.</summary>
    public ShiftRow[] Rows(DriftFeed feed)
    {
        var table = Table(feed);
        var scores = table.Score(_forest);
        return
        [
            .. scores.Select((s, r) => new ShiftRow(
                feed.Sensor[r].ToString(CultureInfo.InvariantCulture), feed.EventMs[r], [.. table.Columns.Select(c => (double)c[r]), NormalScores.Of(s, _reference)])),
        ];
    }

    /// <summary>The stability index of each feature and of the score, over 5,000 rows drawn evenly; null with fewer.</summary>
    public double[]? Indices(DriftFeed day)
    {
        if (day.Rows < DaySample.Size)
        {
            return null;
        }

        var table = Table(day);
        var scores = table.Score(_forest);
        int[] rows = [.. Enumerable.Range(0, DaySample.Size).Select(i => (int)((long)i * day.Rows / DaySample.Size))];
        return
        [
            .. _bins.Select((b, f) => StabilityIndex.Of(b!, [.. rows.Select(r => (double)table.Columns[f][r])])),
            StabilityIndex.Of(_scoreBins!, [.. rows.Select(r => scores[r])]),
        ];
    }

    private static FeatureTable Table(DriftFeed feed)
    {
        var table = new FeatureTable(Features.Count, feed.Rows);
        var row = new float[Features.Count];
        for (var r = 0; r < feed.Rows; r++)
        {
            Features.Compute([feed.Humidity[r], feed.Temperature[r]], row);
            for (var f = 0; f < row.Length; f++)
            {
                table.Columns[f][r] = row[f];
            }
        }

        return table;
    }
}
