using System.Diagnostics;
using System.Text.Json;
using IotAnalytics.Core.Modeling.Forests;

namespace IotAnalytics.Benchmarks.Forests;

/// <summary>
/// Measures one case. A figure is the median over seven samples of the process's CPU time, so that a busy neighbour does not spoil it, with
/// the smallest wall time beside it. Rows are scored from columns, as the program holds them, one thread unless said.
/// </summary>
internal sealed class ForestSpeedRun(SpeedCase data, double seconds, TextWriter output)
{
    private const int Samples = 7;
    private const double WarmUpSeconds = 0.3;
    private const int GrowthSamples = 61;
    private static readonly IsolationForestOptions Options = new() { Seed = 1 };

    private readonly IsolationForest _forest = IsolationForestTrainer.Train(data.Columns, data.Rows, Options, CancellationToken.None);
    private readonly double[] _scores = new double[data.Rows];

    /// <summary>Growing alone, warm; the tables of a layout are not part of it.</summary>
    public void Grow()
    {
        Grow(threads: 1, "C#");
        if (Environment.ProcessorCount > 1)
        {
            Grow(Environment.ProcessorCount, $"C# ({Environment.ProcessorCount} threads)");
        }
    }

    public void Score(string[] paths, int[] batches)
    {
        foreach (var path in paths)
        {
            if (ForestLayout.TryCreate(_forest, Enum.Parse<ForestPath>(path, ignoreCase: true)) is not { } layout)
            {
                continue;
            }

            foreach (var batch in batches)
            {
                var rows = Math.Min(batch, data.Rows);
                Score($"C# {layout.Name}", batch, start => layout.Score(data.Columns, start, rows, _scores));
            }
        }

        if (Environment.ProcessorCount > 1 && data.Rows >= ParallelScoring.FewestRows)
        {
            Score($"C# ({Environment.ProcessorCount} threads)", data.Rows, _ => _forest.Score(data.Columns, data.Rows, _scores));
        }
    }

    private void Grow(int threads, string name)
    {
        var times = new double[GrowthSamples];
        // As long as it takes until the compiler has seen what is hot.
        for (var sample = -200; sample < GrowthSamples; sample++)
        {
            var (cpu, wall) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
            IsolationForestTrainer.Train(data.Columns, data.Rows, Options, threads, CancellationToken.None);
            if (sample >= 0)
            {
                times[sample] = threads == 1 ? (Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds : Stopwatch.GetElapsedTime(wall).TotalMilliseconds;
            }
        }

        Array.Sort(times);
        Print(new { @case = data.Name, impl = name, train_ms = threads == 1 ? times[GrowthSamples / 2] : times[0] });
    }

    private void Score(string name, int batch, Action<int> score)
    {
        var rows = Math.Min(batch, data.Rows);
        var cpu = new double[Samples];
        var best = double.MaxValue;
        var start = 0;
        for (var sample = -1; sample < Samples; sample++)
        {
            var done = 0L;
            var (cpuBefore, began) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
            double elapsed;
            do
            {
                // The clock is looked at once in a thousand rows.
                for (var calls = Math.Max(1, 1_000 / rows); calls > 0; calls--)
                {
                    score(start);
                    start = start + 2 * rows <= data.Rows ? start + rows : 0;
                    done += rows;
                }

                elapsed = Stopwatch.GetElapsedTime(began).TotalNanoseconds;
            }
            while (elapsed < Math.Max(seconds, sample < 0 ? WarmUpSeconds * Samples : 0) * 1e9 / Samples);
            if (sample >= 0)
            {
                cpu[sample] = (Environment.CpuUsage.TotalTime - cpuBefore).TotalNanoseconds / done;
                best = Math.Min(best, elapsed / done);
            }
        }

        Array.Sort(cpu);
        Print(new { @case = data.Name, impl = name, batch, ns_per_row = name.EndsWith("threads)", StringComparison.Ordinal) ? best : cpu[Samples / 2], best_ns_per_row = best, least_cpu_ns_per_row = cpu[0] });
    }

    private void Print<T>(T figure)
    {
        output.WriteLine(JsonSerializer.Serialize(figure));
        output.Flush();
    }
}
