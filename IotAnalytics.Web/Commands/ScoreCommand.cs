using System.CommandLine;
using System.Globalization;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Tabular;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Web.Commands;

/// <summary><c>score</c>: what a model says of every row of a CSV.</summary>
internal static class ScoreCommand
{
    private static readonly Option<string> Model = new("--model") { Required = true, Description = "A model file." };
    private static readonly Option<string> Input = new("--input") { Required = true, Description = "A CSV with the model's columns, gzip too." };
    private static readonly Option<string> Output = new("--output") { Required = true, Description = "The CSV to write: every input row, in order, and anomaly_score, is_anomaly. Packed when it ends in .gz." };
    private static readonly Option<bool> Explain = new("--explain") { Description = "Add top_measurement: the column that contributes most, for flagged rows." };

    public static Command Create()
    {
        var command = new Command("score", "Score every row of a CSV with a model.") { Model, Input, Output, Explain };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var path = parsed.GetRequiredValue(Output);
        var input = parsed.GetRequiredValue(Input);
        if (Path.GetFullPath(path) == Path.GetFullPath(input))
        {
            throw new CommandException(CommandLine.BadInput, $"--output {path} is the input.");
        }

        var output = parsed.InvocationConfiguration;
        try
        {
            using var scorer = new TabularScorer(Load(parsed.GetRequiredValue(Model)), input, parsed.GetValue(Explain));
            await ProgressDisplay.ShowAsync(
                "Scoring",
                Task.Run(() => scorer.Run(path, cancellationToken), CancellationToken.None),
                () => new ProgressStep(scorer.BytesRead, scorer.BytesTotal, string.Create(CultureInfo.InvariantCulture, $"{scorer.Rows:N0} rows")),
                output.Error,
                TimeProvider.System);
            // Standard output belongs to the rows when they were sent there.
            await (path.StartsWith("/dev/", StringComparison.Ordinal) ? output.Error : output.Output).WriteLineAsync(Summary(scorer, path));
            return CommandLine.Succeeded;
        }
        catch (TabularInputException e)
        {
            throw new CommandException(CommandLine.BadInput, e.Message, e);
        }
    }

    /// <summary>A model file named on the command line.</summary>
    /// <exception cref="CommandException">Missing, or no model that this program reads.</exception>
    public static ModelSnapshot Load(string path)
    {
        try
        {
            return ModelFile.Read(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CommandException(CommandLine.BadInput, $"{path}: no such file.", e);
        }
        catch (Exception e) when (e is ModelFileException or IOException or UnauthorizedAccessException)
        {
            throw new CommandException(CommandLine.BadInput, $"{path}: {e.Message}", e);
        }
    }

    private static string Summary(TabularScorer scorer, string path)
    {
        var notScored = scorer.NotScored == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {scorer.NotScored:N0} not scored (more than half of their values are missing)");
        return string.Create(CultureInfo.InvariantCulture, $"{scorer.Rows:N0} rows, {scorer.Flagged:N0} anomalous{notScored}: {path}");
    }
}
