using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.CommitLog.Kafka;
using IotAnalytics.Tests.Conformance;
using IotAnalytics.Tests.Fixtures;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Tests.CommitLog.Kafka;

[Collection(KafkaTests.Name)]
public sealed class KafkaCommitLogTests(KafkaBroker broker) : CommitLogConformance
{
    private readonly TestDatabase _database = new();
    private string _topic = "";

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _database.DisposeAsync();
    }

    protected override async Task<ICommitLog> CreateAsync(int partitions)
    {
        await broker.StartAsync();
        await _database.MigrateAsync();
        _topic = broker.NewTopic();
        return await OpenAsync(o => o.Partitions = partitions);
    }

    protected override async Task<ICommitLog> ReopenAsync(ICommitLog log)
    {
        await log.DisposeAsync();
        return await OpenAsync(_ => { });
    }

    private async Task<ICommitLog> OpenAsync(Action<KafkaLogOptions> change)
    {
        var options = new KafkaLogOptions
        {
            BootstrapServers = await broker.StartAsync(), Topic = _topic, CreateTopic = true, TimestampType = "CreateTime", Retention = TimeSpan.Zero,
        };
        change(options);
        var log = new KafkaCommitLog(Options.Create(options), _database.Writer, TimeProvider.System, NullLogger<KafkaCommitLog>.Instance);
        await log.OpenAsync(Token);
        return log;
    }
}
