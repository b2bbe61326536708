using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Commands;
using IotAnalytics.Web.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace IotAnalytics.Tests.Hosting;

public sealed class ExitCodeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-exit-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_service_that_fails_ends_the_host_with_exit_code_1()
    {
        var fail = new TaskCompletionSource();
        await using var app = AnalyticsHost.Build(TestHost.Settings(_folder), builder => builder.Services.AddHostedService(_ => new Failing(fail.Task)));
        await HostRun.StartAsync(app, Cancel);

        fail.SetResult();

        Assert.Equal(CommandLine.Failed, await HostRun.WaitForEndAsync(app, Cancel));
    }

    [Fact]
    public async Task A_start_that_fails_in_the_middle_stops_what_had_started()
    {
        await using (var app = AnalyticsHost.Build(TestHost.Settings(_folder), builder => builder.Services.AddHostedService<Refusing>()))
        {
            var refused = await Assert.ThrowsAsync<CommandException>(() => HostRun.StartAsync(app, Cancel));
            Assert.Equal(CommandLine.Failed, refused.ExitCode);
        }

        await using var host = await TestHost.StartAsync(_folder, null);
        Assert.Equal("live", await host.Anonymous.GetStringAsync("/health/live", Cancel));
    }

    private sealed class Failing(Task when) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await when.WaitAsync(stoppingToken);
            throw new InvalidOperationException("on purpose");
        }
    }

    private sealed class Refusing : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => throw new InvalidOperationException("on purpose");

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
