using BenchmarkDotNet.Attributes;
using IotAnalytics.Core.Modeling.Forests;

namespace IotAnalytics.Benchmarks.Features;

/// <summary>100 trees of 256 over normal data; per call: divide by the rows.</summary>
[MemoryDiagnoser]
public class ForestBenchmarks
{
    private const int TrainingRows = 10_000;
    private IsolationForest _forest = null!;
    private float[][] _columns = [];
    private double[] _scores = [];

    [Params(1, 1_000, 8_192)]
    public int Rows { get; set; }

    [Params(3, 10)]
    public int Features { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        _columns = [.. Enumerable.Range(0, Features).Select(_ => Enumerable.Range(0, TrainingRows).Select(_ => (float)random.NextDouble()).ToArray())];
        _forest = IsolationForestTrainer.Train(_columns, TrainingRows, new IsolationForestOptions { Seed = 1 }, CancellationToken.None);
        _scores = new double[TrainingRows];
    }

    [Benchmark]
    public void Score() => _forest.Score(_columns, Rows, _scores);
}
