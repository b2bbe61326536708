using System.CommandLine;
using System.Globalization;
using IotAnalytics.Core;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.CommitLog.Embedded;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Lake.Reconcile;
using IotAnalytics.Core.Lake.Stores.S3;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Pipeline.Reconcile;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Web.Commands;

/// <summary><c>lake reconcile</c>: brings a database that was restored from a backup up to its lake. Every host must be stopped.</summary>
internal static class LakeReconcileCommand
{
    public static Command Create()
    {
        var data = new Option<DirectoryInfo?>("--data") { Description = "The data folder. Default: DataDirectory of the configuration." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only print what would be done." };
        var force = new Option<bool>("--force") { Description = "Also when a host seems to be alive: it claimed a partition within the last minute or reported within 30 seconds." };
        var verb = new Command(
            "reconcile", "Bring a database that is older than the lake (a restored backup) up to it. Stop every host first. May be interrupted and run again.") { data, dryRun, force };
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            await using var services = LakeCommandServices.Create(
                parsed.GetValue(data),
                (collection, configuration) =>
                {
                    collection.AddCommitLog(configuration).AddIngestion(configuration).AddModeling(configuration).AddPipeline(configuration).AddReconciliation();
                });
            var output = parsed.InvocationConfiguration.Output;
            try
            {
                return parsed.GetValue(dryRun)
                    ? await ShowAsync(services, output, cancellationToken)
                    : await RunAsync(services, parsed.GetValue(force), output, cancellationToken);
            }
            catch (Exception e) when (e is ReconcileException or InvalidDataException or OptionsValidationException)
            {
                throw new CommandException(CommandLine.Failed, e.Message, e);
            }
        });
        return verb;
    }

    private static async Task<int> ShowAsync(IServiceProvider services, TextWriter output, CancellationToken cancellationToken)
    {
        var (plan, models) = await services.GetRequiredService<LakeReconciler>().PlanAsync(cancellationToken);
        await PrintAsync(plan, models, output);
        return CommandLine.Succeeded;
    }

    private static async Task<int> RunAsync(IServiceProvider services, bool isForced, TextWriter output, CancellationToken cancellationToken)
    {
        // The embedded log's lock keeps a host from starting meanwhile; with Kafka only the database tells of hosts.
        var folder = services.GetRequiredService<IOptions<CommitLogOptions>>().Value.Provider == "Embedded"
            ? LogLock.Take(services.GetRequiredService<DataDirectory>(), TimeProvider.System)
            : null;
        try
        {
            await services.GetRequiredService<DatabaseMigrator>().MigrateAsync(cancellationToken);
            if (!isForced && await services.GetRequiredService<LiveHosts>().FindAsync(cancellationToken) is { } host)
            {
                throw new CommandException(CommandLine.Failed, $"a host seems to be alive: {host}. Stop every host and try again, or add --force when you know that none runs.");
            }

            if (services.GetService<S3StoreProbe>() is { } probe)
            {
                await probe.CheckAsync(cancellationToken);
            }

            var (plan, models) = await services.GetRequiredService<LakeReconciler>().PlanAsync(cancellationToken);
            await PrintAsync(plan, models, output);
            if (plan.UnknownSources.Count > 0)
            {
                // The opened log has the lock itself.
                folder?.Dispose();
                folder = null;
                await services.GetRequiredService<LostSources>().RegisterAsync(plan.UnknownSources, cancellationToken);
            }

            return plan.IsEmpty ? CommandLine.Succeeded : await ReconcileAsync(services, output, cancellationToken);
        }
        finally
        {
            folder?.Dispose();
        }
    }

    private static async Task<int> ReconcileAsync(IServiceProvider services, TextWriter output, CancellationToken cancellationToken)
    {
        var step = "";
        var work = services.GetRequiredService<LakeReconciler>().RunAsync(s => step = s, cancellationToken);
        await ProgressDisplay.ShowAsync("Reconciling", work, () => new ProgressStep(0, null, step), Console.Error, TimeProvider.System);
        var findings = await work;
        foreach (var finding in findings)
        {
            await output.WriteLineAsync(finding);
        }

        await output.WriteLineAsync(findings.Count == 0
            ? "reconciled; run `lake verify`, then start the hosts"
            : $"reconciled with {findings.Count.ToString(CultureInfo.InvariantCulture)} findings; run `lake verify`, then start the hosts");
        return findings.Count == 0 ? CommandLine.Succeeded : CommandLine.Failed;
    }

    private static async Task PrintAsync(ReconcilePlan plan, IReadOnlyList<LostModel> models, TextWriter output)
    {
        if (plan.IsEmpty)
        {
            await output.WriteLineAsync("database and lake agree, nothing is to be done");
            return;
        }

        foreach (var source in plan.UnknownSources)
        {
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"source {source} is not in the database: it is taken for the configured log, or for one before it"));
        }

        foreach (var p in plan.Partitions.Where(p => p.HasWork))
        {
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"source {p.Key.SourceId}, partition {p.Key.Partition}: {(p.Row is null ? "not in the database" : $"the database is at {p.Start} (roll-ups {p.Rollup}, fast {p.Fast})")}, the lake at {p.Target}: {p.Target - p.Start} records are run again from bronze"));
            foreach (var cut in p.Adopted)
            {
                await output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"  the cut [{cut.Name.FirstOffset}, {cut.Name.NextOffset}) is whole in the store and in no table yet: {cut.Files.Count} files are taken in"));
            }

            foreach (var (first, next) in p.Lost)
            {
                await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"  no cut holds the records [{first}, {next}): recorded as lost"));
            }
        }

        foreach (var t in plan.Tables.Where(t => t.HasWork))
        {
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{t.Table.Name}: version {t.KnownVersion} is known, the log is at {t.Survey.Snapshot.Version}; {t.Unknown.Count} unknown files, {t.Added.Count} published since, {t.Gone.Count} removed since; {t.Beyond.Count} files lie beyond and are taken out"));
        }

        foreach (var model in models)
        {
            await output.WriteLineAsync($"model {model.Name}: version {model.Version} is registered again");
        }
    }
}
