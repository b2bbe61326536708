using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Metrics;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Benchmarks.Features;

/// <summary>
/// <c>shadow-cost</c>: the same normal readings without a shadow, with one, and with an A/B split of half of the sensors. The three take turns within one run and each
/// round gives a ratio, so that a machine that is busy elsewhere does not stand between them.
/// </summary>
internal static class ShadowCostCommand
{
    private const int Readings = 8_000;
    private const double NeverAbove = 1;
    private static readonly Option<int> Rounds = new("--rounds") { DefaultValueFactory = _ => 1_000, Description = "Rounds; the median counts." };

    public static Command Create()
    {
        var command = new Command("shadow-cost", "Measure what a shadow costs: scoring, and the way from the bytes to the roll-up. Build with -c Release.") { Rounds };
        command.SetAction(parsed => Run(parsed.GetValue(Rounds)));
        return command;
    }

    private static int Run(int rounds)
    {
        var shadow = BootstrapTrainer.Train(ClimateProfile.Default, seed: 2, "2") with { Threshold = NeverAbove };
        (string Name, Way Way)[] ways = [("no shadow", new(null)), ("shadow", new(new ShadowModel(shadow, Share: 0))), ("split", new(new ShadowModel(shadow, Share: 0.5)))];
        var times = new double[ways.Length, 2, rounds];
        RecordBatch[] records = [new(), new()];
        var simulated = new SimulatedRecords(anomalyRate: 0);
        foreach (var batch in records)
        {
            simulated.Fill(batch, Readings, 1_000);
        }

        for (var round = -100; round < rounds; round++)
        {
            for (var i = 0; i < ways.Length; i++)
            {
                var began = Stopwatch.GetTimestamp();
                // In turn: what comes again at once is a duplicate, and is not scored.
                var scored = ways[i].Way.Take(records[(round + 100) % 2]);
                var between = Stopwatch.GetTimestamp();
                ways[i].Way.Score();
                var ended = Stopwatch.GetTimestamp();
                if (scored != Readings)
                {
                    Console.Error.WriteLine($"{scored} of {Readings} readings were normal.");
                    return 1;
                }

                if (round >= 0)
                {
                    times[i, 0, round] = Stopwatch.GetElapsedTime(between, ended).TotalNanoseconds / Readings;
                    times[i, 1, round] = Stopwatch.GetElapsedTime(began, between).TotalNanoseconds / Readings;
                }
            }
        }

        Console.WriteLine("| | score, ns a reading | ratio | bytes to roll-up, ns a reading | ratio |");
        Console.WriteLine("|---|---|---|---|---|");
        for (var i = 0; i < ways.Length; i++)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| {ways[i].Name} | {Median(i, 0, false):F0} | {Median(i, 0, true):F2} | {Median(i, 1, false):F0} | {Median(i, 1, true):F2} |"));
        }

        return 0;

        double Median(int way, int what, bool isRatio)
        {
            var values = Enumerable.Range(0, rounds).Select(r => isRatio ? times[way, what, r] / times[0, what, r] : times[way, what, r]).Order().ToArray();
            return values[rounds / 2];
        }
    }

    private sealed class Way
    {
        private readonly SensorTable _sensors = new(SimulatedRecords.Catalog);
        private readonly RollupWindow _rollup = new(SimulatedRecords.Catalog);
        private readonly FastWindow _fast = new(SimulatedRecords.Catalog, deadLettersPerMinute: 100);
        private readonly MicroBatchPipeline _pipeline;

        public Way(ShadowModel? shadow)
        {
            var champions = new Dictionary<string, ModelSnapshot> { ["climate"] = BootstrapTrainer.Train(ClimateProfile.Default, seed: 1) with { Threshold = NeverAbove } };
            var shadows = new Dictionary<string, ShadowModel>();
            if (shadow is not null)
            {
                shadows["climate"] = shadow;
            }

            var plan = new ScoringPlan(ReadingParser.Version, MicroBatchPipeline.ScorerVersion, SimulatedRecords.Rules, [ClimateProfile.Default], []);
            _pipeline = new MicroBatchPipeline("plan", plan, new PlannedModels(champions, shadows), maxRows: 8_192);
        }

        /// <summary>From the bytes to the roll-up; returns the normal readings.</summary>
        public long Take(RecordBatch records)
        {
            _fast.Clear();
            _rollup.Clear();
            _pipeline.Parse(records, 0, long.MaxValue);
            _pipeline.Validate(_sensors);
            _pipeline.Score(_sensors);
            _fast.Add(_pipeline.Batch, _sensors);
            _rollup.Add(_pipeline.Batch, _sensors);
            return _fast.Totals.Sum.Normal;
        }

        /// <summary>Scores the same rows again.</summary>
        public void Score()
        {
            _pipeline.Batch.Paired.Clear();
            _pipeline.Batch.ShadowDecided.Clear();
            _pipeline.Score(_sensors);
        }
    }
}
