using System.CommandLine;

namespace IotAnalytics.Benchmarks.Evaluate;

/// <summary><c>evaluate</c>: how accurate the detectors are on labelled data. One verb, and one file, for each family of data sets.</summary>
internal static class EvaluateCommand
{
    public static Command Create() => new("evaluate", "Measure accuracy on labelled data sets.") { TabularCommand.Create() };
}
