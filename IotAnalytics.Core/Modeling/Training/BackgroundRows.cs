using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;

namespace IotAnalytics.Core.Modeling.Training;

/// <summary>
/// Rows that no sensor has sent, drawn evenly from the physical ranges of a profile's measurements. A few among the rows that grow a forest give its
/// trees splits beyond what was ever read: without them a temperature ten times too high ends in the same leaf as the warmest one known, and
/// is nothing special. (Density estimation against a reference sample: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2009, §14.2.4.)
/// </summary>
internal static class BackgroundRows
{
    /// <summary>Background rows for each row that grows the model: two or three in a tree of 256. More of them cost the tree its resolution within the usual.</summary>
    public const double Share = 0.01;

    private const long Stream = -4;

    /// <summary>How many there are beside some rows of readings.</summary>
    public static int Count(int growingRows) => (int)Math.Ceiling(Share * growingRows);

    /// <summary>Their features; those of a history are missing.</summary>
    public static FeatureTable Of(SensorProfile profile, FeatureSet features, int rows, long seed)
    {
        var random = new Xoshiro256(seed, Stream);
        var table = new FeatureTable(features.Count, rows);
        var values = new double[profile.Measurements.Length];
        var state = new double[features.StateSlots];
        var row = new float[features.Count];
        for (var r = 0; r < rows; r++)
        {
            for (var m = 0; m < values.Length; m++)
            {
                var (min, max) = (profile.Measurements[m].Min, profile.Measurements[m].Max);
                values[m] = min + (max - min) * random.NextUniform();
            }

            state.AsSpan().Clear();
            features.Compute(values, state, row);
            for (var f = 0; f < row.Length; f++)
            {
                table.Columns[f][r] = row[f];
            }
        }

        return table;
    }
}
