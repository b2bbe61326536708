using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Commands;
using IotAnalytics.Web.Hosting;
using Microsoft.Extensions.Configuration;

namespace IotAnalytics.Tests.Commands;

public sealed class HealthCommandTests
{
    [Theory]
    [InlineData("ready")]
    [InlineData("startup")]
    [InlineData("live")]
    public async Task A_host_that_is_well_gives_exit_code_0_and_one_that_is_gone_1(string check)
    {
        Uri address;
        await using (var host = await TestHost.StartAsync())
        {
            address = host.Address;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(TimeSpan.FromSeconds(30));
            while (!(await host.Anonymous.GetAsync("/health/ready", limit.Token)).IsSuccessStatusCode)
            {
                await Task.Delay(10, limit.Token);
            }

            var (exitCode, output, _) = await CommandRun.RunAsync(HealthCommand.Create(), "--url", address.ToString(), "--check", check);
            Assert.Equal(0, exitCode);
            Assert.Equal(check == "startup" ? "started" : check, output.Trim());
        }

        var (gone, reason, _) = await CommandRun.RunAsync(HealthCommand.Create(), "--url", address.ToString(), "--check", check);
        Assert.Equal(1, gone);
        Assert.Contains(address.ToString(), reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://0.0.0.0:8080", "http://127.0.0.1:8080")]
    [InlineData("http://[::]:81", "http://127.0.0.1:81")]
    [InlineData("http://+:8080", "http://127.0.0.1:8080")]
    [InlineData("http://10.0.0.7:8080", "http://10.0.0.7:8080")]
    public void An_address_on_every_interface_is_asked_on_loopback(string address, string asked) => Assert.Equal(asked, HostListener.OnThisMachine(address));

    [Fact]
    public void Without_an_address_the_configured_one_is_asked()
    {
        Assert.Equal("http://127.0.0.1:8080", Asked());
        Assert.Equal("http://127.0.0.1:81", Asked(("Urls", "http://[::]:81; https://0.0.0.0:443")));
        Assert.Equal("https://127.0.0.1:8443", Asked(("Urls", "http://[::]:81"), ("Kestrel:Endpoints:Https:Url", "https://0.0.0.0:8443")));

        static string Asked(params (string Key, string Value)[] settings) => HostListener.OnThisMachine(
            new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value))).Build());
    }

    [Theory]
    [InlineData("--url", "host:8080")]
    [InlineData("--timeout", "0")]
    public async Task Bad_input_is_told_in_one_line(params string[] arguments)
    {
        var refused = await Assert.ThrowsAsync<CommandException>(() => CommandRun.RunAsync(HealthCommand.Create(), arguments));

        Assert.Equal(CommandLine.BadInput, refused.ExitCode);
        Assert.Contains(arguments[1], refused.Message, StringComparison.Ordinal);
    }
}
