using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Persistence;

/// <summary>Brings the schema up to date. Called once at start, before anything reads or writes.</summary>
public abstract class DatabaseMigrator(IDbContextFactory<AnalyticsDbContext> contexts, IOptions<DatabaseOptions> options)
{
    /// <summary>
    /// An empty database gets the whole schema from the script that the migrations generate, an older one the migrations that it lacks: EF Core
    /// takes half a second to come up, and a start that has nothing to migrate does not wait for it.
    /// </summary>
    public virtual async Task MigrateAsync(CancellationToken cancellationToken)
    {
        var migrate = options.Value.MigrateAtStart;
        var newest = await CreateOrFindAsync(migrate, cancellationToken).ConfigureAwait(false);
        if (!migrate || newest == NewestKnown())
        {
            return;
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken).ConfigureAwait(false);
        await context.Database.MigrateAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Connects to a shared database and changes nothing there, so that it can be done beside other checks.</summary>
    public virtual Task ConnectAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Does now what the first query would have to wait for. Touches no file.</summary>
    public void BuildModel()
    {
        using var context = contexts.CreateDbContext();
        _ = context.Model;
    }

    /// <summary>The newest migration that was applied, or null. Opens the database in any case: one that may not be written fails here and not in the pipeline.</summary>
    /// <param name="create">Make the schema when the database is empty.</param>
    private protected abstract Task<string?> CreateOrFindAsync(bool create, CancellationToken cancellationToken);

    /// <summary>The embedded script of the whole schema.</summary>
    private protected abstract string SchemaScript { get; }

    /// <summary>An embedded script.</summary>
    private protected static string Script(string resource)
    {
        using var stream = typeof(DatabaseMigrator).Assembly.GetManifestResourceStream(resource)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The id that the script writes last: to look for the migrations in the assembly would load all of its types.</summary>
    private string NewestKnown()
    {
        const string Table = "__EFMigrationsHistory";
        var script = Script(SchemaScript);
        return script[script.LastIndexOf(Table, StringComparison.Ordinal)..].Split('\'')[1];
    }
}
