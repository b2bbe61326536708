using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace IotAnalytics.Core.Persistence.Sqlite;

/// <summary>SQLite: times are INTEGER Unix milliseconds, so that they compare, sort and bind as numbers.</summary>
public sealed class SqliteAnalyticsDbContext(DbContextOptions<SqliteAnalyticsDbContext> options) : AnalyticsDbContext(options)
{
    internal override async Task<IAsyncDisposable> BeginSnapshotAsync(CancellationToken cancellationToken)
    {
        await Database.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        // A plain BEGIN takes no write lock; EF Core's own would be BEGIN IMMEDIATE.
        await Database.ExecuteSqlRawAsync("BEGIN", cancellationToken).ConfigureAwait(false);
        return new Snapshot(this);
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<DateTime>().HaveConversion<UnixMillisecondsConverter>();
        configurationBuilder.Properties<DateTime?>().HaveConversion<UnixMillisecondsConverter>();
    }

    private sealed class Snapshot(SqliteAnalyticsDbContext context) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await context.Database.ExecuteSqlRawAsync("ROLLBACK").ConfigureAwait(false);
    }

    private sealed class UnixMillisecondsConverter() : ValueConverter<DateTime, long>(
        time => new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)).ToUnixTimeMilliseconds(),
        ms => DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime);
}

/// <summary>For <c>dotnet ef migrations add</c>.</summary>
internal sealed class SqliteDesignTimeFactory : IDesignTimeDbContextFactory<SqliteAnalyticsDbContext>
{
    public SqliteAnalyticsDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteAnalyticsDbContext>().UseSqlite("Data Source=design.db").Options);
}
