using System.Text.Json;
using IotAnalytics.Tests.EndToEnd;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Commands;
using IotAnalytics.Web.Hosting;

namespace IotAnalytics.Tests.Hosting;

public sealed class LogFormatTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-log-format-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Events_are_JSON_objects_with_their_fields_by_name_when_that_is_configured()
    {
        await using var host = HostProcess.Start(_folder, new Dictionary<string, string> { ["Logging:Console:FormatterName"] = "json" });
        Assert.True(await host.WaitReadyAsync(TestContext.Current.CancellationToken), host.Output);
        Assert.Equal(0, await host.StopAsync());

        var events = host.Output.Split('\n').Where(l => l.StartsWith('{')).Select(l => JsonSerializer.Deserialize<JsonElement>(l)).ToList();
        Assert.DoesNotContain("info: ", host.Output, StringComparison.Ordinal);
        var step = events.First(e => e.GetProperty("EventId").GetInt32() == WebEventIds.StepStarted);
        Assert.Equal(TimeSpan.Zero, step.GetProperty("Timestamp").GetDateTimeOffset().Offset);
        Assert.Equal("lake store", step.GetProperty("State").GetProperty("Step").GetString());
    }

    [Fact]
    public void Another_format_is_refused()
    {
        var refused = Assert.Throws<CommandException>(() => AnalyticsHost.Build(TestHost.Settings(_folder, ("Logging:Console:FormatterName", "systemd"))));

        Assert.Equal(CommandLine.BadInput, refused.ExitCode);
        Assert.Contains("Logging:Console:FormatterName = 'systemd': accepted simple, json", refused.Message, StringComparison.Ordinal);
    }
}
