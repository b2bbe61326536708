using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Tabular;
using IotAnalytics.Core.Modeling.Training;

namespace IotAnalytics.Benchmarks.Evaluate;

/// <summary>Trains as <c>train</c> does, without labels, and scores the same file.</summary>
internal static class TabularRun
{
    public static TabularScore Score(TabularSet set, string detector, IsolationForestOptions forest, int seeds, CancellationToken cancellationToken)
    {
        var areas = new double[seeds];
        var precisions = new double[seeds];
        Parallel.For(0, seeds, new ParallelOptions { CancellationToken = cancellationToken }, seed =>
        {
            using var trainer = new TabularTrainer(new TabularTrainingOptions
            {
                Input = set.Path,
                Name = set.Name,
                Label = TabularSet.LabelColumn,
                Detector = detector,
                Forest = forest with { Seed = seed + 1 },
            });
            var model = trainer.Train(cancellationToken);
            var rows = new FeatureTable(set.Rows.Columns.Length, set.Rows.Rows);
            for (var c = 0; c < rows.Columns.Length; c++)
            {
                set.Rows.Columns[c].CopyTo(rows.Columns[c], 0);
            }

            rows.Impute(model.FeatureMedians);
            var scores = rows.Score(model.Detector);
            areas[seed] = RankingMetrics.RocAuc(scores, set.Labels);
            precisions[seed] = RankingMetrics.AveragePrecision(scores, set.Labels);
        });
        return new TabularScore(areas, precisions);
    }
}
