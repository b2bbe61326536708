using System.CommandLine;
using System.Globalization;
using IotAnalytics.Core.Modeling.Drift;

namespace IotAnalytics.Benchmarks.Evaluate.Drift;

/// <summary><c>evaluate drift</c>: how soon changes put into real feeds are found, and how often nothing is found to be something.</summary>
internal static class DriftCommand
{
    private const int Places = 10;
    private const int MostRows = 20_000;
    private const int MostCalibration = 100_000;
    private const long PauseMs = 3_600_000;
    private const long DayMs = 86_400_000;

    public static Command Create()
    {
        var data = new Option<string>("--data") { Required = true, Description = "The folder of the feeds: office-building.csv.gz, room-climate.csv.gz." };
        var command = new Command("drift", "Delay and false alarms of drift in real feeds. Feeds that are not there are skipped. Exit code 1 when there are more false alarms than promised.") { data };
        command.SetAction(parsed =>
        {
            var (folder, output) = (parsed.GetRequiredValue(data), parsed.InvocationConfiguration.Output);
            var isMissed = false;
            foreach (var (name, label, isWanted) in new (string, string, Func<string, bool>)[]
            {
                // Room 419 has a fault that grows to hundreds of degrees.
                ("office-building", "office-building", sensor => !sensor.Contains("419", StringComparison.Ordinal)),
                ("room-climate", "room-climate A", sensor => sensor.StartsWith("roomA", StringComparison.Ordinal)),
            })
            {
                if (DriftFeed.Load(folder, name, label, isWanted) is { } feed)
                {
                    isMissed |= Chart(feed, output);
                    Days(feed, output);
                }
                else
                {
                    output.WriteLine($"skipped {name}: there is no {name}.csv.gz in {folder}");
                }
            }

            return isMissed ? 1 : 0;
        });
        return command;
    }

    /// <summary>Learns from the first half; the second is watched, as it is and with changes that begin at ten places.</summary>
    private static bool Chart(DriftFeed feed, TextWriter output)
    {
        var half = feed.Rows / 2;
        var (training, later) = (feed.Slice(0, half), feed.Slice(half, feed.Rows));
        var model = new DriftModel(training);
        var inControl = model.Rows(training)[^Math.Min(MostCalibration, half)..];
        var rows = model.Rows(later);
        var plain = new CusumChart(CusumDesign.ForIndependent(0.5, CusumDesign.RowsPerFalseAlarm));
        var (falsePlain, falseAlarms) = (rows.Count(r => plain.Add(r.Values[^1], out _)), Alarms(ShiftCharts.Calibrate(inControl, PauseMs), rows).Count());
        output.WriteLine(Text($"{feed.Name}: {half:N0} rows to learn from, {rows.Length:N0} watched; false alarms in 10,000 rows: {10_000.0 * falsePlain / rows.Length:F1} with the score alone and h for independent rows, {10_000.0 * falseAlarms / rows.Length:F2} with the charts as they are"));
        output.WriteLine("| change in all sensors | found within 20,000 rows | rows until then, median | largest | minutes, median |\n|---|---|---|---|---|");
        var scales = DriftShift.Scales(training, feed.Sensor.Max() + 1);
        foreach (var shift in DriftShift.All)
        {
            var delays = new List<(int Rows, double Minutes)>();
            for (var place = 0; place < Places; place++)
            {
                var first = (int)((long)place * (later.Rows - MostRows) / (Places - 1));
                // The chart is in its swing when the change comes.
                var before = Math.Max(0, first - MostRows);
                var changed = later.Slice(before, first).Then(shift.Apply(later.Slice(first, first + MostRows), scales));
                var charts = ShiftCharts.Calibrate(inControl, PauseMs);
                var at = Alarms(charts, model.Rows(changed)).Select(a => a - (first - before)).FirstOrDefault(a => a >= 0, -1);
                if (at >= 0)
                {
                    delays.Add((at + 1, (changed.EventMs[first - before + at] - changed.EventMs[first - before]) / 60_000.0));
                }
            }

            delays.Sort();
            output.WriteLine(delays.Count == 0
                ? $"| {shift.Name} | 0 of {Places} | | | |"
                : Text($"| {shift.Name} | {delays.Count} of {Places} | {delays[delays.Count / 2].Rows:N0} | {delays[^1].Rows:N0} | {delays.Select(d => d.Minutes).Order().ElementAt(delays.Count / 2):F0} |"));
        }

        return 10_000 * falseAlarms > rows.Length;
    }

    /// <summary>The rows that raise alarms.</summary>
    private static IEnumerable<int> Alarms(ShiftCharts charts, ShiftRow[] rows)
    {
        for (var r = 0; r < rows.Length; r++)
        {
            if (charts.Add(rows[r]) is not null)
            {
                yield return r;
            }
        }
    }

    /// <summary>The stability index of the days after the first half, as they are and with changes.</summary>
    private static void Days(DriftFeed feed, TextWriter output)
    {
        var half = feed.Rows / 2;
        var training = feed.Slice(0, half);
        var model = new DriftModel(training);
        var scales = DriftShift.Scales(training, feed.Sensor.Max() + 1);
        var firstDay = feed.EventMs[half] / DayMs + 1;
        DriftFeed[] days =
        [
            .. Enumerable.Range(half, feed.Rows - half).GroupBy(r => feed.EventMs[r] / DayMs).Where(g => g.Key >= firstDay).OrderBy(g => g.Key).Select(g => feed.Slice(g.Min(), g.Max() + 1)),
        ];
        output.WriteLine($"| days after the training | measured | above {StabilityIndex.Limit} in a feature or the score | pairs of consecutive days that are drift |\n|---|---|---|---|");
        foreach (var (name, apply) in DriftShift.All.Select(s => (s.Name, (Func<DriftFeed, DriftFeed>)(d => s.Apply(d, scales)))).Prepend(("as they are", d => d)))
        {
            var indices = days.Select(d => (Day: d.EventMs[0] / DayMs, Indices: model.Indices(apply(d)))).Where(d => d.Indices is not null).ToArray();
            var pairs = indices.Zip(indices.Skip(1)).Where(p => p.Second.Day == p.First.Day + 1).ToArray();
            var drift = pairs.Count(p => p.First.Indices!.Zip(p.Second.Indices!).Any(i => i.First > StabilityIndex.Limit && i.Second > StabilityIndex.Limit));
            output.WriteLine(Text($"| {name} | {indices.Length} | {indices.Count(d => d.Indices!.Any(i => i > StabilityIndex.Limit))} | {drift} of {pairs.Length} |"));
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
