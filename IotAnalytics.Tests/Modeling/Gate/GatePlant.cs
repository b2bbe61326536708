using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Gate;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Tests.Modeling.Gate;

/// <summary>A made-up plant of climate sensors: a daily cycle, noise with a memory, humidity that falls as the temperature rises. Repeatable.</summary>
internal static class GatePlant
{
    public const double Target = 0.002;
    public static readonly DateTime Begin = new(2026, 3, 2, 0, 0, 0, DateTimeKind.Utc);
    private static readonly FeatureSet Features = new(SampleModels.Climate, new ProfileCatalog([SampleModels.Climate]));

    /// <param name="warmer">Degrees that the sensor is warmer than usual, by its number.</param>
    public static ReplayedPeriod Period(int sensors, int rows, long seed, Func<int, double> warmer) =>
        ReplayedPeriod.Of(Features, 2, Readings(sensors, rows, seed, warmer), (_, _) => true);

    public static ReplayedPeriod Healthy(int sensors, int rows, long seed) => Period(sensors, rows, seed, _ => 0);

    public static ReadingColumns[] Readings(int sensors, int rows, long seed, Func<int, double> warmer)
    {
        string[] names = [.. Enumerable.Range(0, sensors).Select(s => $"room-{s:D2}")];
        return [.. Enumerable.Range(0, sensors).Select(s =>
        {
            var random = new Xoshiro256(seed, s);
            double Normal() => Enumerable.Range(0, 12).Sum(_ => random.NextUniform()) - 6;
            var (temperature, humidity) = (new double[rows], new double[rows]);
            double slow = 0;
            for (var r = 0; r < rows; r++)
            {
                slow = 0.98 * slow + 0.2 * Normal();
                temperature[r] = 21 + warmer(s) + 2 * Math.Sin(2 * Math.PI * r / 720) + slow + 0.1 * Normal();
                humidity[r] = 50 - 2 * (temperature[r] - 21) + 0.5 * Normal();
            }

            return new ReadingColumns
            {
                Rows = rows,
                Sensors = names,
                Sensor = [.. Enumerable.Repeat(s, rows)],
                EventMs = [.. Enumerable.Range(0, rows).Select(r => new DateTimeOffset(Begin).ToUnixTimeMilliseconds() + r * 120_000L)],
                Values = [temperature, humidity],
                Flags = new ReadingFlags[rows],
                Score = new double[rows],
                IsAnomaly = new bool[rows],
                SourceId = 1,
                Partition = 0,
                Offset = [.. Enumerable.Range(0, rows).Select(r => (long)r * sensors + s)],
                Item = new int[rows],
            };
        })];
    }

    /// <summary>A forest of the period's rows, cut at the target's quantile of the rows that did not grow it.</summary>
    public static ModelSnapshot Train(ReplayedPeriod period, string version, long seed, Func<float[][], float[][]>? columns = null, TimeBlock? without = null)
    {
        var random = new Xoshiro256(seed, -5);
        int[] order = [.. Enumerable.Range(0, period.Rows.Length).Where(r => without?.Holds(period.EventMs[r]) != true).OrderBy(_ => random.Next())];
        var half = order.Length / 4;
        float[][] Of(IEnumerable<int> rows) => [.. period.Features.Columns.Select(c => rows.Select(r => c[r]).ToArray())];
        columns ??= c => c;
        var (growing, reference) = (columns(Of(order.Take(half))), columns(Of(order.Skip(half))));
        var forest = IsolationForestTrainer.Train(growing, half, new IsolationForestOptions { Seed = seed }, CancellationToken.None);
        var scores = SampleModels.Score(forest, reference);
        Array.Sort(scores);
        float[] medians = [.. growing.Select(c => Quantiles.Median(c))];
        var threshold = Thresholds.ByAlarmRate(scores, Target);
        var bootstrap = Bootstrap();
        ExpectedRange Range(int m) { double[] sorted = [.. period.Values[m].Order()]; return new ExpectedRange(Quantiles.Of(sorted, 0.01), Quantiles.Of(sorted, 0.99)); }
        return bootstrap with
        {
            Detector = forest,
            Threshold = threshold,
            FeatureMedians = medians,
            ExpectedRanges = [Range(0), Range(1)],
            ReferenceScores = scores,
            Card = bootstrap.Card with
            {
                Version = version,
                Source = "the lake",
                Seed = seed,
                CreatedAt = Begin,
                Threshold = new ModelCardThreshold(threshold, ModelCardThreshold.AlarmRate, Target),
            },
        };
    }

    /// <summary>Two models with other seeds, each without one half of the period.</summary>
    public static GateTrial[] Trials(ReplayedPeriod period, Func<float[][], float[][]>? columns = null)
    {
        var (from, to) = (period.EventMs.Min(), period.EventMs.Max() + 1);
        TimeBlock[] halves = [new(from, (from + to) / 2), new((from + to) / 2, to)];
        return [.. halves.Select((half, i) => new GateTrial(Train(period, "3", 100 + i, columns, half), half, IsUnseen: true))];
    }

    public static ModelSnapshot Bootstrap() => BootstrapTrainer.Train(SampleModels.Climate, 42);

    /// <summary>The gate's report of a candidate, with two further seeds of it.</summary>
    public static GateReport Judge(
        ReplayedPeriod period, ModelSnapshot candidate, ModelSnapshot champion, IReadOnlyList<GateTrial> others, Func<ReadingIdentity, bool?>? isConfirmed = null)
    {
        var report = new GateReport
        {
            Name = "climate",
            Version = candidate.Version,
            Champion = champion.Version,
            ChampionIsBootstrap = champion.Card.CreatedAt is null,
            CreatedAt = Begin,
            TargetAlarmRate = Target,
        };
        return GateRules.Decide(GateMeasurement.Measure(report, period, candidate, champion, others, isConfirmed ?? (_ => null), seed: 7));
    }
}
