using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Tabular;

namespace IotAnalytics.Benchmarks.Evaluate;

/// <summary><c>evaluate tabular</c>: ROC-AUC and average precision on labelled tables, beside scikit-learn.</summary>
internal static class TabularCommand
{
    /// <summary>Rows of a table have no order, which mewma needs.</summary>
    private static readonly string[] Accepted = [.. TabularDetector.Names.Where(n => n != TabularDetector.Mewma)];

    private static readonly Option<string> Data = new("--data") { Required = true, Description = "A folder of NAME.csv.gz, numbers and a column label of 0 and 1." };
    private static readonly Option<int> Seeds = new("--seeds") { DefaultValueFactory = _ => 10, Description = "Models per set." };
    private static readonly Option<string[]> Detectors = new("--detector")
    {
        DefaultValueFactory = _ => [TabularDetector.IsolationForest, TabularDetector.Recommended],
        Description = $"One or more of {string.Join(", ", Accepted)}. Default: the first two.",
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<string[]> Only = new("--only") { Description = "Names of sets. Default: all of the folder.", AllowMultipleArgumentsPerToken = true };
    private static readonly Option<int?> Trees = new("--trees") { Description = "Trees per forest. Default: the detector's own." };
    private static readonly Option<int> SampleSize = new("--sample-size") { DefaultValueFactory = _ => 256, Description = "Rows per tree." };

    private static readonly Option<int> ExtensionLevel = new("--extension-level") { Description = "Of isolation-forest: columns of a test less one." };
    private static readonly Option<SplitCriterion> Criterion = new("--split-criterion") { Description = "Of isolation-forest." };
    private static readonly Option<LeafMetric> Metric = new("--leaf-metric") { Description = "Of isolation-forest." };

    public static Command Create()
    {
        Detectors.AcceptOnlyFromAmong(Accepted);
        var command = new Command("tabular", "ROC-AUC and average precision on labelled tables, trained without labels, beside scikit-learn's forest. Exit code 1 when a gate is missed.")
        {
            Data, Seeds, Detectors, Only, Trees, SampleSize, ExtensionLevel, Criterion, Metric,
        };
        command.SetAction((parsed, cancellationToken) => Task.FromResult(Run(parsed, cancellationToken)));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = parsed.InvocationConfiguration.Output;
        try
        {
            var only = parsed.GetValue(Only) ?? [];
            var sets = TabularSet.Find(parsed.GetRequiredValue(Data))
                .Where(p => only.Length == 0 || only.Contains(TabularSet.NameOf(p)))
                .Select(TabularSet.Load)
                .ToArray();
            var missed = new List<string>();
            foreach (var detector in parsed.GetRequiredValue(Detectors))
            {
                missed.AddRange(Table(detector, sets, parsed, output, cancellationToken));
            }

            missed.ForEach(m => output.WriteLine($"MISSED {m}"));
            return missed.Count == 0 ? 0 : 1;
        }
        catch (Exception e) when (e is IOException or TabularInputException or TrainingException)
        {
            parsed.InvocationConfiguration.Error.WriteLine(e.Message);
            return 2;
        }
    }

    private static IEnumerable<string> Table(string detector, TabularSet[] sets, ParseResult parsed, TextWriter output, CancellationToken cancellationToken)
    {
        var forest = new IsolationForestOptions
        {
            Trees = parsed.GetValue(Trees) ?? TabularDetector.DefaultTrees(detector),
            SampleSize = parsed.GetValue(SampleSize),
            ExtensionLevel = parsed.GetValue(ExtensionLevel),
            Criterion = parsed.GetValue(Criterion),
            Metric = parsed.GetValue(Metric),
        };
        var seeds = parsed.GetValue(Seeds);
        output.WriteLine($"\n{detector}, {seeds} seeds, ± two standard errors\n");
        output.WriteLine($"| set | ROC-AUC | {TabularBaseline.Label} | difference | best variant | average precision | {TabularBaseline.Label} | seconds |");
        output.WriteLine("|---|---|---|---|---|---|---|---|");
        var compared = new List<(TabularBaseline Baseline, TabularScore Score)>();
        foreach (var set in sets)
        {
            var clock = Stopwatch.StartNew();
            var score = TabularRun.Score(set, detector, forest, seeds, cancellationToken);
            var baseline = TabularBaseline.All.FirstOrDefault(b => b.Set == set.Name);
            if (baseline is not null)
            {
                compared.Add((baseline, score));
            }

            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {set.Name} | {score.RocAuc:F3} ± {score.RocAucError:F3} | {baseline?.RocAuc:F3} | {score.RocAuc - baseline?.RocAuc:+0.000;-0.000;0.000} | {baseline?.BestRocAuc:F3} | {score.AveragePrecision:F3} ± {score.AveragePrecisionError:F3} | {baseline?.AveragePrecision:F3} | {clock.Elapsed.TotalSeconds / seeds:F2} |"));
        }

        if (compared.Count > 0)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| mean of {compared.Count} | {compared.Average(c => c.Score.RocAuc):F4} | {compared.Average(c => c.Baseline.RocAuc):F4} | {compared.Average(c => c.Score.RocAuc - c.Baseline.RocAuc):+0.0000;-0.0000;0.0000} | {compared.Average(c => c.Baseline.BestRocAuc):F4} | {compared.Average(c => c.Score.AveragePrecision):F4} | {compared.Average(c => c.Baseline.AveragePrecision):F4} | |"));
        }

        // The gates are for the forest of 2008 and for the combination; a variant is only shown.
        return forest.IsPlain ? TabularGates.Missed(detector, compared) : [];
    }
}
