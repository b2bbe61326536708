using IotAnalytics.Tests.Simulation.Targets;
using IotAnalytics.Web.Commands;

namespace IotAnalytics.Tests.Commands;

public sealed class ReplayCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-replay-command-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Readings_go_to_the_target_and_the_summary_counts_them()
    {
        await using var host = await FakeReadingsHost.StartAsync();
        var file = Write("sensor_id,timestamp,t\na,2013-08-23T23:04:00Z,1\nb,2013-08-23T23:05:00Z,2\nc,never,3\n");

        var (exitCode, output, _) = await CommandRun.RunAsync(
            ReplayCommand.Create(), file, "--target", host.Address, "--key", "iot_key", "--skip-bad", "--record-time", "event");

        Assert.Equal(0, exitCode);
        Assert.Equal(2, host.Readings.Count);
        Assert.Equal("iot_key", host.LastHeaders["X-Api-Key"]);
        Assert.Equal("event", host.LastHeaders["Iot-Record-Time"]);
        Assert.Matches("Readings sent +2\\b", output);
        Assert.Matches("Accepted +2\\b", output);
        Assert.Matches("Rejected +0\\b", output);
        Assert.Matches("Rows skipped +1\\b", output);
    }

    [Theory]
    [InlineData("sensor_id,timestamp,t\na,2013-08-23T23:04:00,1\n", "line 2: timestamp '2013-08-23T23:04:00' has no zone")]
    [InlineData("a,b\n1,2\n", "no column sensor_id")]
    [InlineData("", "the file is empty")]
    public async Task A_bad_file_is_bad_input(string content, string said)
    {
        await using var host = await FakeReadingsHost.StartAsync();

        var error = await Assert.ThrowsAsync<CommandException>(
            () => CommandRun.RunAsync(ReplayCommand.Create(), Write(content), "--target", host.Address));

        Assert.Equal(CommandLine.BadInput, error.ExitCode);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, host.Requests);
    }

    [Theory]
    [InlineData("--speed 0 is not a number above 0.", "--speed", "0")]
    [InlineData("is not kafka://host:port[,host:port]/topic.", "--target", "kafka://localhost/t")]
    public async Task A_bad_option_is_bad_input(string said, params string[] options)
    {
        var error = await Assert.ThrowsAsync<CommandException>(() => CommandRun.RunAsync(ReplayCommand.Create(), ["x.csv", .. options]));

        Assert.Equal(CommandLine.BadInput, error.ExitCode);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_by_the_host_is_a_failure()
    {
        await using var host = await FakeReadingsHost.StartAsync();
        host.Misbehave = async (_, context) =>
        {
            await FakeReadingsHost.ProblemAsync(context, 401, "Unknown key.");
            return true;
        };
        var file = Write("sensor_id,timestamp,t\na,2013-08-23T23:04:00Z,1\n");

        var error = await Assert.ThrowsAsync<CommandException>(
            () => CommandRun.RunAsync(ReplayCommand.Create(), file, "--target", host.Address, "--key", "iot_wrong"));

        Assert.Equal(CommandLine.Failed, error.ExitCode);
        Assert.Contains("does not know the key", error.Message, StringComparison.Ordinal);
    }

    private string Write(string content)
    {
        var path = Path.Combine(_folder, "input");
        File.WriteAllText(path, content);
        return path;
    }
}
