using System.Text;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.CommitLog.Embedded;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Readings;
using IotAnalytics.Tests.CommitLog;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace IotAnalytics.Tests.Ingestion;

/// <summary>An ingestor over a real embedded log, and the parser that the pipeline would use on what it stored.</summary>
internal sealed class IngestionFixture : IAsyncDisposable
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ReadingRules Rules = new(16, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5));
    private readonly LogFolder _folder;

    private IngestionFixture(EmbeddedCommitLog log, LogFolder folder, LimitsOptions limits)
    {
        _folder = folder;
        Log = log;
        Ingestor = new ReadingIngestor(log, Catalog, Rules, Options.Create(limits), Time);
    }

    public static ProfileCatalog Catalog { get; } = new([ClimateProfile.Default]);

    public FakeTimeProvider Time { get; } = new(Now);

    public EmbeddedCommitLog Log { get; }

    public ReadingIngestor Ingestor { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<IngestionFixture> StartAsync(int partitions = 1, LimitsOptions? limits = null)
    {
        var folder = new LogFolder();
        var log = await folder.OpenAsync(new EmbeddedLogOptions { Partitions = partitions });
        return new IngestionFixture(log, folder, limits ?? new LimitsOptions());
    }

    public static string Reading(string id, DateTimeOffset time, double temperature = 21.5) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{{\"sensor_id\":\"{id}\",\"timestamp\":\"{time:yyyy-MM-ddTHH:mm:ss.fffZ}\",\"temperature\":{temperature:R},\"humidity\":50}}");

    public ValueTask<IngestResult> IngestAsync(string body, string? key = null, bool fromEvents = false) =>
        Ingestor.IngestAsync(Encoding.UTF8.GetBytes(body), key, fromEvents, Token);

    /// <summary>What a partition holds.</summary>
    public async Task<RecordBatch> ReadAsync(int partition)
    {
        var batch = new RecordBatch();
        await Log.ReadAsync(partition, 0, batch, int.MaxValue, TimeSpan.Zero, Token);
        return batch;
    }

    /// <summary>Parses as the pipeline does.</summary>
    public static MicroBatch Parse(RecordBatch records)
    {
        var batch = new MicroBatch(Catalog.Measurements.Length, 64);
        new ReadingParser(Catalog, Rules).Parse(records, 0, long.MaxValue, int.MaxValue, batch);
        return batch;
    }

    public async ValueTask DisposeAsync()
    {
        Ingestor.Dispose();
        await Log.DisposeAsync();
        _folder.Dispose();
    }
}
