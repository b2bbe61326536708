using System.Diagnostics;
using System.Text.Json;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Commands;
using IotAnalytics.Web.Commands.Registry;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Commands;

public sealed class ModelsCommandTests : IAsyncLifetime
{
    private TestHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Versions 1 (the champion) and 2 of climate.</summary>
    public async ValueTask InitializeAsync()
    {
        _host = await TestHost.StartAsync();
        var registry = _host.Services.GetRequiredService<ModelRegistry>();
        await registry.AddVersionAsync((await registry.GetChampionAsync("climate", Cancel))!, "test", trainingRunId: null, together: null, Cancel);
    }

    public ValueTask DisposeAsync() => _host?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task A_model_is_promoted_and_rolled_back_on_a_running_host()
    {
        var promoted = await RunAsync("promote", "climate", "2", "--reason", "fewer false alarms");
        Assert.Equal((0, "climate: version 2 is the champion; hosts score with it within 2 s.\n"), (promoted.ExitCode, promoted.Output.ReplaceLineEndings("\n")));
        var versions = JsonSerializer.Deserialize<JsonElement>((await RunAsync("list", "climate", "--json")).Output);
        Assert.Equal(["2", "1"], versions.EnumerateArray().Select(v => v.GetProperty("version").GetString()));
        Assert.True(versions[0].GetProperty("is_champion").GetBoolean());

        var back = await RunAsync("rollback", "climate", "--reason", "it missed the leak");
        Assert.Contains("climate: version 1 is the champion", back.Output, StringComparison.Ordinal);

        var list = await RunAsync("list");
        Assert.Matches(@"(?m)^climate +1\b", list.Output);
    }

    [Theory]
    [InlineData(2, "Model climate has no version 9", "promote", "climate", "9", "--reason", "r")]
    [InlineData(2, "There is no model 'nothing'", "rollback", "nothing", "--reason", "r")]
    [InlineData(2, "There is no model 'no thing'", "list", "no thing")]
    [InlineData(2, "1 to 500 characters", "promote", "climate", "2", "--reason", "")]
    [InlineData(1, "The champion of climate is 1, not 7", "promote", "climate", "2", "--reason", "r", "--expected-champion", "7")]
    [InlineData(1, "climate has had one champion only", "rollback", "climate", "--reason", "r")]
    public async Task What_cannot_be_is_one_clear_line(int exitCode, string message, params string[] arguments)
    {
        var refused = await Assert.ThrowsAsync<CommandException>(() => RunAsync(arguments));

        Assert.Equal(exitCode, refused.ExitCode);
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public async Task A_wrong_key_and_a_host_that_is_not_there_are_told()
    {
        var wrong = await Assert.ThrowsAsync<CommandException>(() => CommandRun.RunAsync(ModelsCommand.Create(), "list", "--url", $"{_host.Address}", "--key", "iot_wrong"));
        var gone = await Assert.ThrowsAsync<CommandException>(() => CommandRun.RunAsync(ModelsCommand.Create(), "list", "--url", "http://127.0.0.1:1", "--key", "k"));
        var none = await Assert.ThrowsAsync<CommandException>(() => CommandRun.RunAsync(ModelsCommand.Create(), "list", "--url", "here:80", "--key", "k"));

        Assert.Equal((1, 1, 2), (wrong.ExitCode, gone.ExitCode, none.ExitCode));
        Assert.Contains("401", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("nothing answers at http://127.0.0.1:1", gone.Message, StringComparison.Ordinal);
        Assert.Contains("--url 'here:80'", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Started_where_the_host_is_configured_the_program_needs_neither_address_nor_key()
    {
        var listed = await ProgramAsync("models", "list");
        Assert.Equal((0, ""), (listed.ExitCode, listed.Error));
        Assert.Matches(@"(?m)^climate +1\b", listed.Output);

        var unknown = await ProgramAsync("models", "promote", "climate", "9", "--reason", "r");
        Assert.Equal((2, "iot-analytics: 404 Not Found: Model climate has no version 9.\n", ""), (unknown.ExitCode, unknown.Error.ReplaceLineEndings("\n"), unknown.Output));
    }

    /// <summary>The real program with the host's configuration in its environment.</summary>
    private async Task<(int ExitCode, string Output, string Error)> ProgramAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "IotAnalytics.Web.dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["Iot__Urls"] = $"{_host.Address}";
        start.Environment["Iot__DataDirectory"] = _host.Folder;
        start.Environment.Remove("IOT_KEY");
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Cancel);
        var error = process.StandardError.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return (process.ExitCode, await output, await error);
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments) =>
        CommandRun.RunAsync(ModelsCommand.Create(), [.. arguments, "--url", $"{_host.Address}", "--key", _host.Key]);
}
