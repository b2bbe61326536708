using System.CommandLine;
using System.Globalization;
using IotAnalytics.Benchmarks.Evaluate.Drift;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Gate;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Benchmarks.Evaluate.Gate;

/// <summary><c>evaluate gate</c>: what the gate's recall tells models apart by, at several alarm rates.</summary>
internal static class GateCommand
{
    private const long DayMs = 86_400_000;
    private static readonly double[] Rates = [0.001, 0.003, 0.01, 0.03];

    public static Command Create()
    {
        var data = new Option<string>("--data") { Required = true, Description = "The folder of the feeds: office-building.csv.gz." };
        var command = new Command("gate", "Recall of injected faults in a real feed by alarm rate, for forests of different seeds and days. Skipped when the feed is not there.") { data };
        command.SetAction(parsed =>
        {
            var (folder, output) = (parsed.GetRequiredValue(data), parsed.InvocationConfiguration.Output);
            if (DriftFeed.Load(folder, "office-building", "office-building", sensor => !sensor.Contains("419", StringComparison.Ordinal)) is { } feed)
            {
                Compare(feed, output);
            }
            else
            {
                output.WriteLine($"skipped: there is no office-building.csv.gz in {folder}");
            }
        });
        return command;
    }

    private static void Compare(DriftFeed feed, TextWriter output)
    {
        var (before, judged) = (Period(feed, 0, 3), Period(feed, 4, 7));
        var faults = InjectedFaults.Into(judged, seed: 7);
        output.WriteLine(Text($"{feed.Name}: {judged.Rows.Length:N0} readings judged, {faults.Faults.Count:N0} faults"));
        output.WriteLine($"| forest | {string.Join(" | ", Rates.Select(r => Text($"recall at {r}, of it spike, stuck, drift, swap")))} |\n|---|{string.Concat(Rates.Select(_ => "---|"))}");
        foreach (var (name, period, seed) in new[] { ("of days 1 to 3, seed 1", before, 1L), ("of the same, seed 5", before, 5), ("of the judged days 5 to 7, seed 2", judged, 2), ("of the same, seed 3", judged, 3) })
        {
            var model = GateModel.Of(Train(period, seed), judged, faults);
            var cells = Rates.Select(rate =>
            {
                // Thirty times the target is what the gate compares at.
                var recall = RecallComparison.Of(judged, faults, model, model, rate / 30, seed: 7, TimeBlock.All)!;
                double Kind(InjectedFaultKind kind) => recall.Kinds.Where(k => k.Kind == kind).Average(k => k.Candidate);
                return Text($"{recall.Candidate:F2} ({Kind(InjectedFaultKind.Spike):F2}, {Kind(InjectedFaultKind.Stuck):F2}, {Kind(InjectedFaultKind.Drift):F2}, {Kind(InjectedFaultKind.Swap):F2})");
            });
            output.WriteLine($"| {name} | {string.Join(" | ", cells)} |");
        }
    }

    private static ReplayedPeriod Period(DriftFeed feed, int firstDay, int endDay)
    {
        var begin = feed.EventMs[0];
        int[] rows = [.. Enumerable.Range(0, feed.Rows).Where(r => feed.EventMs[r] >= begin + firstDay * DayMs && feed.EventMs[r] < begin + endDay * DayMs)];
        T[] Of<T>(T[] column) => [.. rows.Select(r => column[r])];
        var profile = ClimateProfile.Default;
        var chunk = new ReadingColumns
        {
            Rows = rows.Length,
            Sensors = [.. Enumerable.Range(0, feed.Sensor.Max() + 1).Select(s => s.ToString(CultureInfo.InvariantCulture))],
            Sensor = Of(feed.Sensor),
            EventMs = Of(feed.EventMs),
            Values = [Of(feed.Humidity), Of(feed.Temperature)],
            Flags = new ReadingFlags[rows.Length],
            Score = new double[rows.Length],
            IsAnomaly = new bool[rows.Length],
            SourceId = 1,
            Partition = 0,
            Offset = [.. rows.Select(r => (long)r)],
            Item = new int[rows.Length],
        };
        return ReplayedPeriod.Of(new FeatureSet(profile, new ProfileCatalog([profile])), profile.Measurements.Length, [chunk], (_, _) => true);
    }

    private static ModelSnapshot Train(ReplayedPeriod period, long seed)
    {
        var bootstrap = BootstrapTrainer.Train(ClimateProfile.Default, 42);
        var growing = period.Features.Columns.Select(c => c.Where((_, r) => r % 4 == 0).ToArray()).ToArray();
        return bootstrap with
        {
            Detector = IsolationForestTrainer.Train(growing, growing[0].Length, new IsolationForestOptions { Seed = seed }, CancellationToken.None),
            FeatureMedians = [.. growing.Select(c => Quantiles.Median(c))],
        };
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
