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

    private static ServiceProvider Services(LogFolder folder, (string Key, string Value) setting) => new ServiceCollection()
        .AddLogging()
        .AddSingleton(TimeProvider.System)
        .AddSingleton(new DataDirectory(folder.Path))
        .AddCommitLog(new ConfigurationBuilder().AddInMemoryCollection([new(setting.Key, setting.Value)]).Build())
        .BuildServiceProvider();
}
