using System.CommandLine;
using System.Globalization;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Tabular;

namespace IotAnalytics.Benchmarks.Evaluate.Sensors;

/// <summary><c>evaluate skab</c>, <c>evaluate smd</c>, <c>evaluate asd</c>: faults in recordings of sensors, found row by row as they come.</summary>
internal static class SensorCommands
{
    private static readonly Option<string> Data = new("--data") { Required = true, Description = "The folder of the data set." };

    public static IEnumerable<Command> Create() =>
    [
        Make("skab", "Pump test bed: F1, false and missed alarm rate, each file learnt from its first 400 rows.", Skab),
        Make("smd", "Server machines: average precision per row, and which metrics are guilty.", (folder, output) => Machines("smd", SensorRecording.LoadMachines(folder, endInclusive: false), (0.60, 0.85), output)),
        Make("asd", "Application servers: the same.", (folder, output) => Machines("asd", SensorRecording.LoadMachines(folder, endInclusive: true), (0.34, 0.95), output)),
    ];

    private static Command Make(string name, string description, Func<string, TextWriter, string[]> run)
    {
        var command = new Command(name, description + " Exit code 1 when a gate is missed.") { Data };
        command.SetAction(parsed =>
        {
            var output = parsed.InvocationConfiguration.Output;
            try
            {
                var missed = run(parsed.GetRequiredValue(Data), output);
                foreach (var gate in missed)
                {
                    output.WriteLine($"MISSED {gate}");
                }

                return missed.Length == 0 ? 0 : 1;
            }
            catch (Exception e) when (e is IOException or TabularInputException or TrainingException)
            {
                parsed.InvocationConfiguration.Error.WriteLine(e.Message);
                return 2;
            }
        });
        return command;
    }

    private static string[] Skab(string folder, TextWriter output)
    {
        SensorRecording[] recordings = [.. SensorRecording.LoadSkab(folder)];
        output.WriteLine($"| {recordings.Length} files | F1 | false alarm rate | missed alarm rate |\n|---|---|---|---|");
        string[] missed = [];
        foreach (var detector in SensorDetector.All)
        {
            var (f1, falseAlarms, missedAlarms) = SensorFigures.Pooled(recordings.Select(r => (r, detector.Score(r))));
            output.WriteLine(Text($"| {detector.Name} | {f1:F3} | {falseAlarms:F3} | {missedAlarms:F3} |"));
            if (detector.Name == SensorDetector.Recommended && (f1 < 0.80 || falseAlarms > 0.20))
            {
                missed = [Text($"F1 {f1:F3} at a false alarm rate of {falseAlarms:F3}; wanted is 0.80 at 0.20")];
            }
        }

        return missed;
    }

    private static string[] Machines(string set, IEnumerable<SensorRecording> from, (double AveragePrecision, double Hit) gate, TextWriter output)
    {
        SensorRecording[] recordings = [.. from];
        output.WriteLine($"| {set}, {recordings.Length} machines | average precision | Hit@100 % | Hit@150 % | average precision of each |\n|---|---|---|---|---|");
        var missed = new List<string>();
        foreach (var detector in SensorDetector.All)
        {
            SensorScores[] scores = [.. recordings.Select(detector.Score)];
            double[] precisions = [.. recordings.Select((r, i) => SensorFigures.AveragePrecision(r, scores[i]))];
            var (whole, half) = (recordings.Select((r, i) => SensorFigures.Hit(r, scores[i], 1)).Average(), recordings.Select((r, i) => SensorFigures.Hit(r, scores[i], 1.5)).Average());
            var blames = scores[0].Blame.Any(b => b.Any(p => p > 0));
            var hits = blames ? Text($"{whole:F3} | {half:F3}") : " | ";
            output.WriteLine(Text($"| {detector.Name} | {precisions.Average():F3} | {hits} | {string.Join(' ', precisions.Select(p => Text($"{p:F2}")))} |"));
            if (detector.Name == SensorDetector.Recommended)
            {
                missed.AddRange(precisions.Average() < gate.AveragePrecision ? [Text($"average precision {precisions.Average():F3}; wanted is {gate.AveragePrecision}")] : []);
                missed.AddRange(half < gate.Hit ? [Text($"Hit@150 % {half:F3}; wanted is {gate.Hit}")] : []);
            }
        }

        return [.. missed];
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
