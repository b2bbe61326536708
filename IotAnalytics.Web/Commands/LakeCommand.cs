using System.CommandLine;
using System.Globalization;
using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Core.Lake.Stores.S3;
using IotAnalytics.Core.Lake.Upkeep;
using IotAnalytics.Core.Lake.Verification;

namespace IotAnalytics.Web.Commands;

/// <summary><c>lake list|verify|compact|vacuum</c>: the tables of a data folder, also beside the host that runs on it; and <c>lake reconcile</c>, when none runs.</summary>
internal static class LakeCommand
{
    public static Command Create()
    {
        var command = new Command("lake", "Show, check and tidy the Delta tables of a data folder, also beside a running host.");
        command.Add(Verb("list", "Tables with version, files, rows, bytes and dates.", ListAsync, isWriting: false));
        command.Add(Verb("verify", "Read every object and compare rows, hashes, statistics and offsets with the database and the Delta logs. Exit code 1 with one line per finding.", VerifyAsync, isWriting: false));
        command.Add(Verb("compact", "Merge small files, date by date.", CompactAsync, isWriting: true));
        command.Add(Verb("vacuum", "Delete what was removed long enough ago, expired bronze dates and orphans.", VacuumAsync, isWriting: true));
        command.Add(LakeReconcileCommand.Create());
        return command;
    }

    private static Command Verb(string name, string description, Func<IServiceProvider, TextWriter, CancellationToken, Task<int>> run, bool isWriting)
    {
        var data = new Option<DirectoryInfo?>("--data") { Description = "The data folder. Default: DataDirectory of the configuration." };
        var verb = new Command(name, description) { data };
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            await using var services = LakeCommandServices.Create(parsed.GetValue(data), (_, _) => { });
            if (isWriting && services.GetService<S3StoreProbe>() is { } probe)
            {
                await probe.CheckAsync(cancellationToken);
            }

            return await run(services, parsed.InvocationConfiguration.Output, cancellationToken);
        });
        return verb;
    }

    private static async Task<int> ListAsync(IServiceProvider services, TextWriter output, CancellationToken cancellationToken)
    {
        await output.WriteLineAsync($"{"table",-7} {"version",9} {"files",8} {"rows",14} {"bytes",16}  {"dates",-23} path");
        foreach (var table in await services.GetRequiredService<LakeTablesQuery>().ReadAsync(cancellationToken))
        {
            var dates = table.FirstDate is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{table.FirstDate:yyyy-MM-dd}..{table.LastDate:yyyy-MM-dd}");
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{table.Name,-7} {table.Version,9} {table.Files,8} {table.Rows,14} {table.Bytes,16}  {dates,-23} {table.Path}"));
            if (table.WaitingFiles > 0)
            {
                await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"        {table.WaitingFiles} files with {table.WaitingRows} rows wait to be published"));
            }
        }

        return CommandLine.Succeeded;
    }

    private static async Task<int> VerifyAsync(IServiceProvider services, TextWriter output, CancellationToken cancellationToken)
    {
        var (done, all) = (0, 0);
        var work = services.GetRequiredService<LakeVerifier>().VerifyAsync((d, a) => (done, all) = (d, a), cancellationToken);
        await ProgressDisplay.ShowAsync(
            "Verifying", work, () => new ProgressStep(done, all, $"{done} of {all} files"), Console.Error, TimeProvider.System);
        var result = await work;
        foreach (var finding in result.Findings)
        {
            await output.WriteLineAsync(finding);
        }

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Files} files, {result.Rows} rows, {result.Bytes} bytes read: {result.BronzeItems} items in bronze, {result.SilverRows} rows in silver, {result.GoldRows} in gold; {result.Findings.Count} findings"));
        return result.IsClean ? CommandLine.Succeeded : CommandLine.Failed;
    }

    private static async Task<int> CompactAsync(IServiceProvider services, TextWriter output, CancellationToken cancellationToken)
    {
        var result = await services.GetRequiredService<LakeCompactor>().CompactAsync(cancellationToken);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{result.Dates} dates: {result.FilesBefore} files became {result.FilesAfter}"));
        return CommandLine.Succeeded;
    }

    private static async Task<int> VacuumAsync(IServiceProvider services, TextWriter output, CancellationToken cancellationToken)
    {
        var result = await services.GetRequiredService<LakeVacuum>().VacuumAsync(cancellationToken);
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.ExpiredFiles} bronze files expired, {result.DeletedFiles} removed files, {result.Orphans} orphans and {result.LogObjects} log objects deleted"));
        return CommandLine.Succeeded;
    }
}
