using System.CommandLine;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Web.Commands;

namespace IotAnalytics.Tests.Pipeline.Reconcile;

public sealed class LakeReconcileCommandTests : IAsyncLifetime
{
    private readonly ReconcileSite _site = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task It_tells_what_it_would_do_refuses_beside_a_host_and_does_it_when_forced()
    {
        await _site.RunAsync(10);
        var dump = _site.Dump("dump");
        await _site.RunAsync(10);
        _site.Restore(dump);
        var (before, files) = (_site.Rows(), Files());

        var (exitCode, output) = await RunAsync("--dry-run");
        Assert.Equal(0, exitCode);
        Assert.Contains("source 1, partition 0: the database is at 10 (roll-ups 10, fast 10), the lake at 20: 10 records", output, StringComparison.Ordinal);
        Assert.Contains("bronze: version 1 is known, the log is at 2; 1 unknown files", output, StringComparison.Ordinal);
        Assert.Equal((before, files), (_site.Rows(), Files()), Comparer);

        // The last host claimed its partition a moment ago, and the dump says so.
        var alive = await Assert.ThrowsAsync<CommandException>(() => RunAsync());
        Assert.Equal(1, alive.ExitCode);
        Assert.Contains("--force", alive.Message, StringComparison.Ordinal);
        Assert.Equal((before, files), (_site.Rows(), Files()), Comparer);

        (exitCode, output) = await RunAsync("--force");
        Assert.Equal(0, exitCode);
        Assert.EndsWith("reconciled; run `lake verify`, then start the hosts", output.Trim(), StringComparison.Ordinal);
        Assert.Empty(await _site.VerifyAsync());

        (exitCode, output) = await RunAsync("--force");
        Assert.Equal((0, "database and lake agree, nothing is to be done"), (exitCode, output.Trim()));
    }

    [Fact]
    public async Task Without_any_copy_an_empty_database_is_filled_from_the_lake()
    {
        await _site.RunAsync(10);
        await _site.RunAsync(10);
        var truth = _site.Rows();
        _site.DeleteDatabase();
        await Assert.ThrowsAsync<LakeAheadException>(() => _site.StartAsync());

        Assert.Contains("source 1 is not in the database", (await RunAsync("--dry-run")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("--force")).ExitCode);

        Assert.Equal(truth, _site.Rows());
        await _site.RunAsync(10);
        Assert.Empty(await _site.VerifyAsync());
    }

    [Fact]
    public async Task A_folder_that_a_host_holds_is_refused_in_any_case()
    {
        await using var host = await _site.StartAsync();

        var held = await Assert.ThrowsAsync<CommitLogException>(() => RunAsync("--force"));

        Assert.Contains("in use by another host", held.Message, StringComparison.Ordinal);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    private static bool Comparer((List<string> Rows, List<string> Files) a, (List<string> Rows, List<string> Files) b) => a.Rows.SequenceEqual(b.Rows) && a.Files.SequenceEqual(b.Files);

    private List<string> Files() => [.. Directory.GetFiles(Path.Combine(_site.Folder, "lake"), "*", SearchOption.AllDirectories)
        .Select(f => $"{f} {new FileInfo(f).Length} {File.GetLastWriteTimeUtc(f):O}").Order(StringComparer.Ordinal)];

    private async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        await using var output = new StringWriter();
        var exitCode = await LakeCommand.Create().Parse(["reconcile", "--data", _site.Folder, .. arguments]).InvokeAsync(
            new InvocationConfiguration { Output = output, EnableDefaultExceptionHandler = false }, TestContext.Current.CancellationToken);
        return (exitCode, output.ToString());
    }
}
