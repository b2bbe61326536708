using System.CommandLine;
using IotAnalytics.Benchmarks.Evaluate.Sensors;

namespace IotAnalytics.Benchmarks.Evaluate;

/// <summary><c>evaluate</c>: how accurate the detectors are on labelled data. One verb, and one file, for each family of data sets.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        var command = new Command("evaluate", "Measure accuracy on labelled data sets.") { TabularCommand.Create() };
        foreach (var sensors in SensorCommands.Create())
        {
            command.Add(sensors);
        }

        command.Add(Drift.DriftCommand.Create());
        command.Add(Gate.GateCommand.Create());
        return command;
    }
}
