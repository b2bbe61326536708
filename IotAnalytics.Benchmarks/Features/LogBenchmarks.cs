using BenchmarkDotNet.Attributes;
using IotAnalytics.Core;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.CommitLog.Embedded;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Benchmarks.Features;

/// <summary>Durable appends to the embedded log; per record, with its fsync shared by those that wait together.</summary>
[MemoryDiagnoser]
public class LogBenchmarks
{
    private const int Appends = 64;

    private readonly string _folder = Directory.CreateTempSubdirectory("iot-bench-log-").FullName;
    private readonly Task[] _waiting = new Task[Appends];
    private EmbeddedCommitLog _log = null!;
    private LogRecord[] _record = [];

    [Params(10, 1_000)]
    public int ReadingsPerRecord { get; set; }

    /// <summary>Appends under way at once.</summary>
    [Params(1, 16)]
    public int Concurrent { get; set; }

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _record = [new LogRecord(0, 1_767_225_600_000, new SimulatedRecords(anomalyRate: 0).Next(ReadingsPerRecord).ToArray())];
        _log = new EmbeddedCommitLog(
            new DataDirectory(_folder), Options.Create(new EmbeddedLogOptions()), TimeProvider.System, NullLogger<EmbeddedCommitLog>.Instance);
        await _log.OpenAsync(CancellationToken.None);
    }

    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        await _log.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [IterationCleanup]
    public void Trim() => TrimAsync().GetAwaiter().GetResult();

    [Benchmark(OperationsPerInvoke = Appends)]
    public async Task AppendAsync()
    {
        for (var done = 0; done < Appends; done += Concurrent)
        {
            for (var i = 0; i < Concurrent; i++)
            {
                _waiting[i] = _log.AppendAsync(_record, request: null, CancellationToken.None).AsTask();
            }

            await Task.WhenAll(_waiting.AsSpan(0, Concurrent));
        }
    }

    private async Task TrimAsync()
    {
        var bounds = await _log.GetBoundsAsync(0, CancellationToken.None);
        await _log.TrimAsync(0, bounds.HighWatermark, CancellationToken.None);
    }
}
