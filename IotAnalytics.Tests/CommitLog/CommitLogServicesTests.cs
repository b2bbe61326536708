using IotAnalytics.Core;
using IotAnalytics.Core.CommitLog;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Tests.CommitLog;

public sealed class CommitLogServicesTests
{
    [Fact]
    public async Task The_embedded_log_is_the_default_and_takes_its_options()
    {
        using var folder = new LogFolder();
        await using var services = Services(folder, ("CommitLog:Embedded:Partitions", "3"));
        var log = services.GetRequiredService<ICommitLog>();
        await log.OpenAsync(TestContext.Current.CancellationToken);
        Assert.Equal(3, log.PartitionCount);
        Assert.Equal(("embedded", "log.db"), (log.Source.Kind, log.Source.Topic));
    }

    [Theory]
    [InlineData("CommitLog:Provider", "Pulsar")]
    [InlineData("CommitLog:OnSourceReset", "Ignore")]
    [InlineData("CommitLog:Embedded:Partitions", "0")]
    [InlineData("CommitLog:Embedded:Partitions", "257")]
    [InlineData("CommitLog:Embedded:MaxBytes", "1000")]
    [InlineData("CommitLog:Embedded:GroupCommitDelay", "00:00:02")]
    public async Task A_value_that_is_not_accepted_is_found_before_the_start(string key, string value)
    {
        using var folder = new LogFolder();
        await using var services = Services(folder, (key, value));
        var refused = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate());
        Assert.Contains(key.Split(':')[^1], refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("BootstrapServers", "")]
    [InlineData("BootstrapServers", "kafka")]
    [InlineData("BootstrapServers", "one:9092,two:0")]
    [InlineData("Topic", "no spaces")]
    [InlineData("Partitions", "0")]
    [InlineData("ReplicationFactor", "0")]
    [InlineData("TimestampType", "Now")]
    [InlineData("AppendTimeout", "00:00:00")]
    [InlineData("Client:acks", "1")]
    [InlineData("Client:enable_auto_commit", "true")]
    public async Task Options_of_Kafka_are_checked_when_it_is_chosen(string key, string value)
    {
        using var folder = new LogFolder();
        (string, string)[] settings = [("CommitLog:Provider", "Kafka"), ("CommitLog:Kafka:BootstrapServers", "localhost:9092"), ($"CommitLog:Kafka:{key}", value)];
        await using var services = Services(folder, settings);
        var refused = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate());
        Assert.Contains(key.Split(':')[^1], refused.Message, StringComparison.Ordinal);

        await using var embedded = Services(folder, settings[2]);
        embedded.GetRequiredService<IStartupValidator>().Validate();
    }

    private static ServiceProvider Services(LogFolder folder, params (string Key, string Value)[] settings) => new ServiceCollection()
        .AddLogging()
        .AddSingleton(TimeProvider.System)
        .AddSingleton(new DataDirectory(folder.Path))
        .AddCommitLog(new ConfigurationBuilder().AddInMemoryCollection(settings.GroupBy(s => s.Key).Select(s => new KeyValuePair<string, string?>(s.Key, s.Last().Value))).Build())
        .BuildServiceProvider();
}
