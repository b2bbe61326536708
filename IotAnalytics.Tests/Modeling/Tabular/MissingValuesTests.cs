using System.Globalization;
using System.Text;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Tabular;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Tests.Modeling.Tabular;

/// <summary>Tables as they are found: cells missing, columns constant or repeated, one column or many.</summary>
public sealed class MissingValuesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-table-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(TabularDetector.IsolationForest)]
    [InlineData(TabularDetector.Recommended)]
    public void Missing_constant_and_repeated_columns_do_not_hide_the_odd_rows(string detector)
    {
        var random = new Xoshiro256(1, 0);
        var text = new StringBuilder("a,b,again,constant,empty,label\n");
        for (var r = 0; r < 600; r++)
        {
            var odd = r % 100 == 50;
            string Cell() => (odd ? 90 + random.NextUniform() : random.NextUniform() * 50).ToString(CultureInfo.InvariantCulture);
            var a = Cell();
            text.Append(CultureInfo.InvariantCulture, $"{(r % 9 == 1 ? "" : a)},{(r % 7 == 2 ? "NaN" : Cell())},{a},4,,{(odd ? 1 : 0)}\n");
        }

        var model = Train(text.ToString(), detector, contamination: 0.01);

        Assert.Equal(5, model.FeatureNames.Length);
        Assert.True(model.Card.Evaluation["roc_auc"] > 0.999, $"{model.Card.Evaluation["roc_auc"]}");
        Assert.InRange(model.Card.Evaluation["flagged_share"], 0.009, 0.011);
    }

    [Theory]
    [InlineData(1, TabularDetector.IsolationForest)]
    [InlineData(1, TabularDetector.Recommended)]
    [InlineData(300, TabularDetector.IsolationForest)]
    [InlineData(300, TabularDetector.Recommended)]
    public void One_column_and_three_hundred_are_taken(int columns, string detector)
    {
        var random = new Xoshiro256(2, columns);
        var text = new StringBuilder(string.Join(',', Enumerable.Range(0, columns).Select(c => $"c{c}"))).Append(",label\n");
        for (var r = 0; r < 200; r++)
        {
            var odd = r % 50 == 25;
            text.AppendJoin(',', Enumerable.Range(0, columns).Select(_ => (random.NextUniform() + (odd ? 2 : 0)).ToString(CultureInfo.InvariantCulture)));
            text.Append(odd ? ",1\n" : ",0\n");
        }

        Assert.True(Train(text.ToString(), detector, contamination: null).Card.Evaluation["roc_auc"] > 0.99);
    }

    private ModelSnapshot Train(string csv, string detector, double? contamination)
    {
        var path = Path.Combine(_folder, "table.csv");
        File.WriteAllText(path, csv);
        using var trainer = new TabularTrainer(new TabularTrainingOptions
        {
            Input = path,
            Name = "table",
            Label = "label",
            Detector = detector,
            Contamination = contamination,
            Forest = new IsolationForestOptions { Trees = 50, Seed = 5 },
        });
        return trainer.Train(TestContext.Current.CancellationToken);
    }
}
