namespace IotAnalytics.Benchmarks.Evaluate;

/// <summary>What others reach on a set.</summary>
/// <param name="RocAuc">scikit-learn 1.9.1, IsolationForest with 100 trees of 256, trained without labels, the same rows scored; mean of 10 seeds.</param>
/// <param name="AveragePrecision">The same.</param>
/// <param name="BestRocAuc">The best of ten published variants (isotree 0.6.1 and pyod), another one on each set.</param>
internal sealed record TabularBaseline(string Set, double RocAuc, double AveragePrecision, double BestRocAuc)
{
    public const string Label = "scikit-learn 1.9.1";

    public static IReadOnlyList<TabularBaseline> All { get; } =
    [
        new("annthyroid", .819, .305, .966),
        new("cardio", .931, .573, .936),
        new("http", 1.000, .913, 1.000),
        new("mammography", .858, .214, .868),
        new("pima", .673, .501, .744),
        new("satellite", .705, .666, .879),
        new("shuttle", .997, .977, .998),
        new("thyroid", .979, .542, .989),
    ];
}
