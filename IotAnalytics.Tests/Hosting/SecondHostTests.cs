using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Commands;
using IotAnalytics.Web.Hosting;

namespace IotAnalytics.Tests.Hosting;

public sealed class SecondHostTests
{
    [Fact]
    public async Task A_second_host_on_the_folder_is_told_who_holds_it()
    {
        await using var first = await TestHost.StartAsync();
        await using var second = AnalyticsHost.Build(TestHost.Settings(first.Folder));

        var refused = await Assert.ThrowsAsync<CommandException>(() => HostRun.StartAsync(second, TestContext.Current.CancellationToken));

        Assert.Equal(CommandLine.Failed, refused.ExitCode);
        Assert.Contains($"{Environment.ProcessId}", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }
}
