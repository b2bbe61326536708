using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using IotAnalytics.Core;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Persistence;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Benchmarks.CommitLog;

/// <summary>
/// Verb <c>kafka-read</c>: what reading a record from a topic costs through <see cref="ICommitLog.ReadAsync"/>, one reader for each partition. Fills the topic
/// first where it holds less. Says also how long it takes a host that is alone to have its partitions and the first record.
/// </summary>
internal static class KafkaReadCommand
{
    private const int AppendRecords = 10_000;

    public static Command Create()
    {
        var servers = new Option<string>("--servers") { Description = "Address of the broker, host:port.", Required = true };
        var topic = new Option<string>("--topic") { Description = "Topic, made when there is none.", DefaultValueFactory = _ => "kafka-read" };
        var records = new Option<int>("--records") { Description = "Records to read.", DefaultValueFactory = _ => 1_000_000 };
        var bytes = new Option<int>("--bytes") { Description = "Bytes of a record.", DefaultValueFactory = _ => 110 };
        var partitions = new Option<int>("--partitions") { Description = "Partitions of a topic that is made.", DefaultValueFactory = _ => 12 };
        var runs = new Option<int>("--runs") { Description = "How often to read everything.", DefaultValueFactory = _ => 3 };
        var command = new Command("kafka-read", "Read records from a Kafka topic as the pipeline does: ns and CPU for each record. Build with -c Release.") { servers, topic, records, bytes, partitions, runs };
        command.SetAction(async (parsed, token) =>
        {
            var (count, size) = (parsed.GetValue(records), parsed.GetValue(bytes));
            for (var run = 0; run < parsed.GetValue(runs); run++)
            {
                var folder = Directory.CreateTempSubdirectory("iot-kafka-read-");
                try
                {
                    await using var services = Services(folder.FullName, parsed.GetRequiredValue(servers), parsed.GetRequiredValue(topic), parsed.GetValue(partitions));
                    var log = services.GetRequiredService<ICommitLog>();
                    await log.OpenAsync(token);
                    var ends = await FillAsync(log, count, size, token);
                    await ReadAsync(log, ends, token);
                }
                finally
                {
                    folder.Delete(recursive: true);
                }
            }

            return 0;
        });
        return command;
    }

    private static ServiceProvider Services(string folder, string servers, string topic, int partitions)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["CommitLog:Provider"] = "Kafka",
            ["CommitLog:Kafka:BootstrapServers"] = servers,
            ["CommitLog:Kafka:Topic"] = topic,
            ["CommitLog:Kafka:GroupId"] = "kafka-read",
            ["CommitLog:Kafka:CreateTopic"] = "true",
            ["CommitLog:Kafka:Partitions"] = partitions.ToString(CultureInfo.InvariantCulture),
        }).Build();
        return new ServiceCollection().AddSingleton(new DataDirectory(folder)).AddSingleton(TimeProvider.System).AddLogging()
            .AddPersistence(configuration).AddCommitLog(configuration).BuildServiceProvider();
    }

    /// <summary>Appends what is missing; returns where to stop reading in each partition.</summary>
    private static async Task<long[]> FillAsync(ICommitLog log, int records, int bytes, CancellationToken cancellationToken)
    {
        var ends = new long[log.PartitionCount];
        for (var p = 0; p < ends.Length; p++)
        {
            ends[p] = (await log.GetBoundsAsync(p, cancellationToken)).HighWatermark;
        }

        var value = Encoding.UTF8.GetBytes("""{"sensor_id":"sensor_001","timestamp":"2026-01-01T00:00:00.000Z","temperature":23.42,"humidity":51.2}""".PadRight(bytes));
        for (var missing = records - ends.Sum(); missing > 0; missing -= AppendRecords)
        {
            var result = await log.AppendAsync(
                [.. Enumerable.Range(0, (int)Math.Min(missing, AppendRecords)).Select(i => new LogRecord(i % ends.Length, 1_767_225_600_000, value))], request: null, cancellationToken);
            foreach (var position in result.Positions)
            {
                ends[position.Partition] = Math.Max(ends[position.Partition], position.Offset + 1);
            }
        }

        return ends;
    }

    private static async Task ReadAsync(ICommitLog log, long[] ends, CancellationToken cancellationToken)
    {
        using var process = Process.GetCurrentProcess();
        var cpu = process.TotalProcessorTime;
        var allocated = GC.GetTotalAllocatedBytes();
        var started = Stopwatch.GetTimestamp();
        var owner = new FirstAssignment();
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var membership = log.RunAssignmentAsync(owner, leave.Token);
        await owner.Task.WaitAsync(cancellationToken);
        var assignedMs = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        var reading = Stopwatch.GetTimestamp();
        var firstMs = 0.0;
        await Task.WhenAll(ends.Select((end, partition) => Task.Run(
            async () =>
            {
                using var batch = new RecordBatch();
                for (var offset = 0L; offset < end;)
                {
                    await log.ReadAsync(partition, offset, batch, 1 << 20, TimeSpan.FromSeconds(1), cancellationToken);
                    if (batch.Count > 0)
                    {
                        Interlocked.CompareExchange(ref firstMs, Stopwatch.GetElapsedTime(started).TotalMilliseconds, 0);
                        offset = batch[batch.Count - 1].Offset + 1;
                    }
                }
            },
            cancellationToken)));
        var elapsed = Stopwatch.GetElapsedTime(reading);
        process.Refresh();
        await leave.CancelAsync();
        await membership;
        var records = ends.Sum();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{records} records in {elapsed.TotalSeconds:F2} s: {records / elapsed.TotalSeconds:F0} records/s, {elapsed.TotalNanoseconds / records:F0} ns each; CPU {(process.TotalProcessorTime - cpu).TotalNanoseconds / records:F0} ns each; partitions after {assignedMs:F0} ms, first record after {firstMs:F0} ms; {(GC.GetTotalAllocatedBytes() - allocated) / (double)records:F1} B allocated each; peak memory of the process {process.PeakWorkingSet64 >> 20} MiB"));
    }

    private sealed class FirstAssignment : TaskCompletionSource, IPartitionOwner
    {
        public void Assigned(IReadOnlyList<int> partitions)
        {
            if (partitions.Count > 0)
            {
                TrySetResult();
            }
        }

        public Task RevokedAsync(IReadOnlyList<int> partitions) => System.Threading.Tasks.Task.CompletedTask;

        public void Lost(IReadOnlyList<int> partitions)
        {
        }
    }
}
