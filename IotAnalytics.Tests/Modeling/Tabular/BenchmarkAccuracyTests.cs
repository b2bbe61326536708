using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Tabular;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Modeling.Tabular;

/// <summary>The mean ROC-AUC over seeds is not below scikit-learn's 1.9.1 (100 trees of 256, 10 seeds) by more than chance.</summary>
public class BenchmarkAccuracyTests
{
    private const int Seeds = 5;
    private const double Tolerance = 0.01;

    [Theory]
    [InlineData("annthyroid", 0.819)]
    [InlineData("cardio", 0.931)]
    [InlineData("pima", 0.673)]
    [InlineData("thyroid", 0.979)]
    public void Accuracy_is_that_of_scikit_learn(string set, double theirs)
    {
        var path = TestEnvironment.RequireData($"tabular/{set}.csv.gz");
        var areas = new double[Seeds];
        for (var seed = 0; seed < Seeds; seed++)
        {
            using var trainer = new TabularTrainer(new TabularTrainingOptions
            {
                Input = path,
                Name = set,
                Label = "label",
                Forest = new IsolationForestOptions { Seed = seed },
            });
            areas[seed] = trainer.Train(TestContext.Current.CancellationToken).Card.Evaluation["roc_auc"];
        }

        var mean = areas.Average();
        var standardError = Math.Sqrt(areas.Sum(a => (a - mean) * (a - mean)) / (Seeds - 1) / Seeds);
        TestContext.Current.TestOutputHelper?.WriteLine($"{set}: {mean:F4} ± {standardError:F4}, scikit-learn {theirs}");
        Assert.True(mean >= theirs - Tolerance - 2 * standardError, $"{set}: mean {mean:F4} ± {standardError:F4}, scikit-learn {theirs}");
    }
}
