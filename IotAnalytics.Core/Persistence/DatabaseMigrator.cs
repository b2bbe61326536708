using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Persistence;

/// <summary>Brings the schema up to date. Called once at start, before anything reads or writes.</summary>
public sealed class DatabaseMigrator(IDbContextFactory<AnalyticsDbContext> contexts, DatabaseWriter writer, IOptions<DatabaseOptions> options)
{
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        if (options.Value.MigrateAtStart)
        {
            await using var context = await contexts.CreateDbContextAsync(cancellationToken).ConfigureAwait(false);
            await context.Database.MigrateAsync(cancellationToken).ConfigureAwait(false);
        }

        // The first use opens the writer's connection: a folder that may not be written fails here and not in the pipeline.
        await writer.WriteAsync(_ => { }, cancellationToken).ConfigureAwait(false);
    }
}
