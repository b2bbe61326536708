using IotAnalytics.Core.Persistence.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Core.Persistence;

public static class PersistenceServices
{
    /// <summary>The database of the chosen provider: <see cref="IDbContextFactory{TContext}"/> of <see cref="AnalyticsDbContext"/> to read,
    /// <see cref="DatabaseReader"/> to read without EF Core, <see cref="DatabaseWriter"/> to write. Needs <see cref="DataDirectory"/>.</summary>
    public static IServiceCollection AddPersistence(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<DatabaseOptions>().Bind(configuration.GetSection(DatabaseOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(s => new DatabaseWriter(SqliteDatabase.ConnectionString(s.GetRequiredService<DataDirectory>().Combine("analytics.db"))));
        services.AddSingleton(s => new DatabaseReader(SqliteDatabase.ConnectionString(s.GetRequiredService<DataDirectory>().Combine("analytics.db"))));
        services.AddDbContextFactory<SqliteAnalyticsDbContext>((s, o) => o
            .UseSqlite(SqliteDatabase.ConnectionString(s.GetRequiredService<DataDirectory>().Combine("analytics.db")))
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking));
        services.AddSingleton<IDbContextFactory<AnalyticsDbContext>, ContextFactory>();
        services.AddSingleton<DatabaseMigrator>();
        return services;
    }

    private sealed class ContextFactory(IDbContextFactory<SqliteAnalyticsDbContext> inner) : IDbContextFactory<AnalyticsDbContext>
    {
        public AnalyticsDbContext CreateDbContext() => inner.CreateDbContext();
    }
}
