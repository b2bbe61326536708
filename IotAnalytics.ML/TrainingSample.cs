using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Training;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace IotAnalytics.ML;

/// <summary>An even sample of the rows of a data view (Vitter's algorithm R), column by column.</summary>
internal static class TrainingSample
{
    private const long Stream = -1;

    public static FeatureTable Read(IDataView input, IsolationForestTrainer.Options options)
    {
        if (input.Schema.GetColumnOrNull(options.FeatureColumnName) is not { Type: VectorDataViewType { ItemType: NumberDataViewType item, Size: > 0 } type } column
            || item != NumberDataViewType.Single)
        {
            throw new ArgumentOutOfRangeException(nameof(input), $"There is no column '{options.FeatureColumnName}' that is a vector of floats of known size.");
        }

        var rows = new List<float[]>();
        var random = new Xoshiro256(options.Seed, Stream);
        var seen = 0L;
        using var cursor = input.GetRowCursor([column]);
        var getter = cursor.GetGetter<VBuffer<float>>(column);
        var values = default(VBuffer<float>);
        while (cursor.MoveNext())
        {
            seen++;
            var place = rows.Count < options.MaximumTrainingRows ? rows.Count : (long)(random.NextUniform() * seen);
            if (place >= options.MaximumTrainingRows)
            {
                continue;
            }

            getter(ref values);
            if (place == rows.Count)
            {
                rows.Add(new float[type.Size]);
            }

            values.CopyTo(rows[(int)place]);
        }

        var table = new FeatureTable(type.Size, rows.Count);
        for (var c = 0; c < type.Size; c++)
        {
            for (var r = 0; r < rows.Count; r++)
            {
                table.Columns[c][r] = float.IsFinite(rows[r][c]) ? rows[r][c] : float.NaN;
            }
        }

        return table;
    }
}
