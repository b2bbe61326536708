using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Pipeline.Reconcile;

/// <summary>The same over a real broker with three partitions.</summary>
[Collection(KafkaTests.Name)]
public sealed class KafkaReconcileTests(KafkaBroker broker) : IAsyncLifetime
{
    private readonly ReconcileSite _site = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task A_restored_database_gets_back_what_it_lost_and_the_host_goes_on()
    {
        _site.Settings["CommitLog:Provider"] = "Kafka";
        _site.Settings["CommitLog:Kafka:BootstrapServers"] = await broker.StartAsync();
        _site.Settings["CommitLog:Kafka:Topic"] = broker.NewTopic();
        await broker.CreateTopicAsync(_site.Settings["CommitLog:Kafka:Topic"]!, 3, ("message.timestamp.type", "CreateTime"));
        await _site.RunAsync(10);
        var dump = _site.Dump("dump");
        await _site.RunAsync(10);
        await _site.RunAsync(10);
        var truth = _site.Rows();
        Assert.Equal(3, truth.Count(row => row.StartsWith("stream_partition:", StringComparison.Ordinal)));
        _site.Restore(dump);
        await Assert.ThrowsAsync<LakeAheadException>(() => _site.StartAsync());

        Assert.Empty(await _site.ReconcileAsync());

        Assert.Equal(truth, _site.Rows());
        await _site.RunAsync(10);
        Assert.Empty(await _site.VerifyAsync());
        Assert.Equal(400, _site.Rows().Where(row => row.StartsWith("pipeline_minute:", StringComparison.Ordinal)).Sum(row => long.Parse(row.Split('|')[4], System.Globalization.CultureInfo.InvariantCulture)));
    }
}
