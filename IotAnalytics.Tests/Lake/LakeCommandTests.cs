using System.CommandLine;
using IotAnalytics.Core.Lake;
using IotAnalytics.Web.Commands;

namespace IotAnalytics.Tests.Lake;

public sealed class LakeCommandTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Verify_is_silent_about_a_sound_lake_and_names_what_is_wrong_with_another()
    {
        await using var lake = await FilledAsync();

        var (exitCode, output) = await RunAsync("verify", "--data", lake.DataDirectory.Path);
        Assert.Equal(0, exitCode);
        Assert.EndsWith("0 findings", output.Trim(), StringComparison.Ordinal);

        File.Delete(Directory.GetFiles(lake.Folder(lake.Tables.Silver), "*.parquet", SearchOption.AllDirectories)[0]);
        (exitCode, output) = await RunAsync("verify", "--data", lake.DataDirectory.Path);
        Assert.Equal(1, exitCode);
        Assert.Single(output.Split('\n'), line => line.Contains("the object is missing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task List_shows_the_three_tables()
    {
        await using var lake = await FilledAsync();

        var (exitCode, output) = await RunAsync("list", "--data", lake.DataDirectory.Path);

        Assert.Equal(0, exitCode);
        Assert.Equal(["table", "bronze", "silver", "gold"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]));
        Assert.Contains("2026-01-01", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compact_and_vacuum_leave_a_sound_lake()
    {
        await using var lake = await FilledAsync();

        var compacted = await RunAsync("compact", "--data", lake.DataDirectory.Path);
        var vacuumed = await RunAsync("vacuum", "--data", lake.DataDirectory.Path);

        Assert.Equal((0, "3 dates: 12 files became 3"), (compacted.ExitCode, compacted.Output.Trim()));
        Assert.Equal(0, vacuumed.ExitCode);
        Assert.Empty(await lake.FindingsAsync());
    }

    [Fact]
    public async Task A_folder_without_a_database_is_bad_input()
    {
        using var folder = new TemporaryFolder();

        var error = await Assert.ThrowsAsync<CommandException>(() => RunAsync("list", "--data", folder.Path));

        Assert.Equal(2, error.ExitCode);
        Assert.Contains("analytics.db", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    private static async Task<LakeFixture> FilledAsync()
    {
        var lake = await LakeFixture.CreateAsync(new LakeOptions());
        var data = new LakeTestData(30);
        await lake.CommitCutAsync(data, records: 10);
        for (var i = 0; i < 3; i++)
        {
            await lake.CommitCutAsync(data, records: 30, anomalies: 0.5);
        }

        await lake.NewPublisher().PublishAsync(Token);
        return lake;
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        await using var output = new StringWriter();
        var exitCode = await LakeCommand.Create().Parse(arguments).InvokeAsync(
            new InvocationConfiguration { Output = output, EnableDefaultExceptionHandler = false }, Token);
        return (exitCode, output.ToString());
    }
}
