using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Tabular;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Web.Commands;

/// <summary><c>train</c>: a model from the numeric columns of a CSV.</summary>
internal static class TrainCommand
{
    private const double MaxContamination = 0.5;

    private static readonly Option<string> Input = new("--input") { Required = true, Description = "A CSV with a header, gzip too." };
    private static readonly Option<string> Output = new("--output") { Required = true, Description = "The model file to write." };
    private static readonly Option<string?> Label = new("--label") { Description = "A column of 0 and 1 that tells anomalies: for the evaluation only." };
    private static readonly Option<string?> Features = new("--features") { Description = "Columns to learn from, separated by commas. Default: all that hold numbers, but the label." };
    private static readonly Option<int?> Trees = new("--trees") { Description = "Number of trees, 1 to 10,000. Default 100; for recommended 200." };
    private static readonly Option<int> SampleSize = new("--sample-size") { DefaultValueFactory = _ => 256, Description = "Rows per tree, 2 to 65,536." };
    private static readonly Option<int?> MaxDepth = new("--max-depth") { Description = "Depth limit of a tree, 1 to 1,000. Default: the logarithm of the sample size, rounded up." };
    private static readonly Option<long> Seed = new("--seed") { DefaultValueFactory = _ => 42, Description = "The same seed gives the same model." };
    private static readonly Option<string> Detector = new("--detector")
    {
        DefaultValueFactory = _ => TabularDetector.IsolationForest,
        Description = $"One of {string.Join(", ", TabularDetector.Names)}. The recommended combination ranks better on most data and takes far longer to score. pca finds broken relations between columns. mewma takes the rows as readings of one machine in order of time and finds lasting shifts.",
    };

    private static readonly Option<string?> ExtensionLevel = new("--extension-level")
    {
        Description = "Columns of a test less one: 0 for tests of one column, 1 to 65,533, or full for all. Default 0. For isolation-forest, as the next two.",
    };

    private static readonly Option<string?> Criterion = new("--split-criterion") { Description = $"Where a test divides: {Names<SplitCriterion>()}. Default random." };
    private static readonly Option<string?> Metric = new("--leaf-metric") { Description = $"What leaves count: {Names<LeafMetric>()}. Default path-length." };

    private static readonly Option<string?> Contamination = new("--contamination")
    {
        Description = "Share of rows to flag, above 0 and at most 0.5, default 0.1; or auto, default of pca and mewma: their control limit; of forests 1 in 1,000 of held-out rows when there are 50,000 rows or more, else a score above 0.5 (a path as short as an average one; for recommended, rarer than 1 in 1,000).",
    };

    public static Command Create()
    {
        var command = new Command("train", "Train a model from any numeric columns of a CSV, and print its card.")
        {
            Input, Output, Label, Features, Detector, Trees, SampleSize, MaxDepth, ExtensionLevel, Criterion, Metric, Contamination, Seed,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var options = Read(parsed);
        var path = parsed.GetRequiredValue(Output);
        var output = parsed.InvocationConfiguration;
        try
        {
            using var trainer = new TabularTrainer(options);
            var work = Task.Run(
                () =>
                {
                    var model = trainer.Train(cancellationToken);
                    OutputFile.Write(path, stream => stream.Write(ModelFile.Write(model)));
                    return model;
                },
                CancellationToken.None);
            await ProgressDisplay.ShowAsync(
                "Training", work, () => new ProgressStep(trainer.BytesRead, trainer.BytesTotal, Count(trainer.Rows)), output.Error, TimeProvider.System);
            Print(await work, trainer, path, output.Output);
            return CommandLine.Succeeded;
        }
        catch (Exception e) when (e is TabularInputException or TrainingException)
        {
            throw new CommandException(CommandLine.BadInput, e.Message, e);
        }
    }

    private static void Print(ModelSnapshot model, TabularTrainer trainer, string path, TextWriter output)
    {
        if (!trainer.LeftOut.IsEmpty)
        {
            output.WriteLine($"left out, not numbers: {string.Join(", ", trainer.LeftOut)}");
        }

        output.Write(ModelCardText.Render(model.Card));
        output.WriteLine($"{"written",-18} {path}, sha256 {model.Sha256}");
    }

    private static TabularTrainingOptions Read(ParseResult parsed)
    {
        var errors = new List<string>();
        var detector = parsed.GetRequiredValue(Detector);
        var forest = new IsolationForestOptions
        {
            Trees = parsed.GetValue(Trees) ?? TabularDetector.DefaultTrees(detector),
            SampleSize = parsed.GetValue(SampleSize),
            MaxDepth = parsed.GetValue(MaxDepth),
            Seed = parsed.GetValue(Seed),
            ExtensionLevel = ReadExtensionLevel(parsed.GetValue(ExtensionLevel), errors),
            Criterion = ReadName<SplitCriterion>(Criterion, parsed, errors),
            Metric = ReadName<LeafMetric>(Metric, parsed, errors),
        };
        errors.AddRange(forest.Errors());
        var contamination = ReadContamination(parsed.GetValue(Contamination) ?? TabularDetector.DefaultContamination(detector), errors);
        if (!TabularDetector.Names.Contains(detector))
        {
            errors.Add($"--detector '{detector}': accepted is {string.Join(", ", TabularDetector.Names)}");
        }
        else if (detector != TabularDetector.IsolationForest)
        {
            Option[] own = detector == TabularDetector.Recommended ? [MaxDepth, ExtensionLevel, Criterion, Metric] : [Trees, SampleSize, MaxDepth, ExtensionLevel, Criterion, Metric];
            errors.AddRange(own.Where(o => parsed.GetResult(o) is { Implicit: false }).Select(o => $"{o.Name} is for --detector {TabularDetector.IsolationForest}"));
        }

        if (errors.Count > 0)
        {
            throw new CommandException(CommandLine.BadInput, string.Join("; ", errors));
        }

        return new TabularTrainingOptions
        {
            Input = parsed.GetRequiredValue(Input),
            Name = Path.GetFileNameWithoutExtension(parsed.GetRequiredValue(Output)),
            Label = parsed.GetValue(Label),
            Features = [.. (parsed.GetValue(Features) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct()],
            Contamination = contamination,
            Detector = detector,
            Forest = forest,
        };
    }

    private static int ReadExtensionLevel(string? text, List<string> errors)
    {
        switch (text)
        {
            case null:
                return 0;
            case "full":
                return IsolationForestOptions.FullExtension;
            default:
                if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var level))
                {
                    errors.Add($"--extension-level '{text}': accepted is 0 to {IsolationForestOptions.FullExtension}, or full");
                }

                return level;
        }
    }

    private static T ReadName<T>(Option<string?> option, ParseResult parsed, List<string> errors)
        where T : struct, Enum
    {
        var text = parsed.GetValue(option);
        foreach (var value in Enum.GetValues<T>())
        {
            if (text == NameOf(value))
            {
                return value;
            }
        }

        if (text is not null)
        {
            errors.Add($"{option.Name} '{text}': accepted is {Names<T>()}");
        }

        return default;
    }

    private static string Names<T>()
        where T : struct, Enum => string.Join(", ", Enum.GetValues<T>().Select(NameOf));

    /// <summary><c>AveragedGain</c> is <c>averaged-gain</c>.</summary>
    private static string NameOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    private static double? ReadContamination(string text, List<string> errors)
    {
        if (text == "auto")
        {
            return null;
        }

        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) || !(share > 0 && share <= MaxContamination))
        {
            errors.Add($"--contamination '{text}': accepted is a number above 0 and at most 0.5, or auto");
        }

        return share;
    }

    private static string Count(long rows) => string.Create(CultureInfo.InvariantCulture, $"{rows:N0} rows");
}
