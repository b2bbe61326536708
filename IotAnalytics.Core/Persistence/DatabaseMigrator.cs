using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Persistence;

/// <summary>What a look at the database found before anything was changed there.</summary>
public enum FoundSchema
{
    /// <summary>Nobody looked, or nothing is to be changed.</summary>
    Unknown,

    /// <summary>Nothing: all of it is made at once.</summary>
    None,

    /// <summary>All migrations were applied.</summary>
    Current,

    /// <summary>Migrations are missing. They may take long.</summary>
    Older,
}

/// <summary>Brings the schema up to date. Called once at start, before anything reads or writes.</summary>
public abstract class DatabaseMigrator(IDbContextFactory<AnalyticsDbContext> contexts, IOptions<DatabaseOptions> options)
{
    /// <inheritdoc cref="MigrateAsync(Task, CancellationToken)"/>
    public Task MigrateAsync(CancellationToken cancellationToken) => MigrateAsync(Task.CompletedTask, cancellationToken);

    /// <summary>
    /// An empty database gets the whole schema from the script that the migrations generate, an older one the migrations that it lacks: EF Core
    /// takes half a second to come up, and a start that has nothing to migrate does not wait for it.
    /// </summary>
    /// <param name="allowed">Nothing is committed before it ends well; what can be made in one transaction is made meanwhile.</param>
    public virtual async Task MigrateAsync(Task allowed, CancellationToken cancellationToken)
    {
        var migrate = options.Value.MigrateAtStart;
        var newest = await CreateOrFindAsync(migrate, allowed, cancellationToken).ConfigureAwait(false);
        await allowed.ConfigureAwait(false);
        if (!migrate || newest == NewestKnown())
        {
            return;
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken).ConfigureAwait(false);
        await context.Database.MigrateAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What <see cref="ConnectAsync"/> found.</summary>
    public FoundSchema Found { get; private protected set; }

    /// <summary>Connects to a shared database, looks and changes nothing there, so that it can be done beside other checks.</summary>
    public virtual Task ConnectAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Does now what the first query would have to wait for. Touches no file.</summary>
    public void BuildModel()
    {
        using var context = contexts.CreateDbContext();
        _ = context.Model;
    }

    /// <summary>The newest migration that was applied, or null. Opens the database in any case: one that may not be written fails here and not in the pipeline.</summary>
    /// <param name="create">Make the schema when the database is empty.</param>
    /// <param name="allowed">Ends well before anything is committed.</param>
    private protected abstract Task<string?> CreateOrFindAsync(bool create, Task allowed, CancellationToken cancellationToken);

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
    private protected string NewestKnown()
    {
        const string Table = "__EFMigrationsHistory";
        var script = Script(SchemaScript);
        return script[script.LastIndexOf(Table, StringComparison.Ordinal)..].Split('\'')[1];
    }
}
