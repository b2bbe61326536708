using IotAnalytics.Core.Persistence.PostgreSql;
using IotAnalytics.Core.Persistence.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IotAnalytics.Core.Persistence;

public static class PersistenceServices
{
    /// <summary>The database of the chosen provider: <see cref="IDbContextFactory{TContext}"/> of <see cref="AnalyticsDbContext"/> to read,
    /// <see cref="DatabaseReader"/> to read without EF Core, <see cref="DatabaseWriter"/> to write. Needs <see cref="DataDirectory"/>.</summary>
    public static IServiceCollection AddPersistence(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<DatabaseOptions>().Bind(configuration.GetSection(DatabaseOptions.Section)).ValidateDataAnnotations().ValidateOnStart()
            .Validate(
                o => o.Provider != "PostgreSql" || IsConnectionString(configuration[DatabaseOptions.ConnectionKey]),
                $"{DatabaseOptions.ConnectionKey}: Database:Provider is PostgreSql; accepted: a connection string such as Host=db;Database=iot;Username=iot;Password=…");
        switch (configuration[$"{DatabaseOptions.Section}:{nameof(DatabaseOptions.Provider)}"])
        {
            case "PostgreSql":
                services.AddSingleton(_ => PostgreSqlDatabase.Open(configuration[DatabaseOptions.ConnectionKey]!));
                services.AddSingleton<DatabaseWriter, PostgreSqlWriter>();
                services.AddSingleton<DatabaseReader, PostgreSqlReader>();
                services.AddSingleton<DayPartitions>();
                services.AddDbContextFactory<PostgreSqlAnalyticsDbContext>((s, o) => o
                    .UseNpgsql(s.GetRequiredService<NpgsqlDataSource>(), PostgreSqlMigrator.History).UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking));
                services.AddSingleton<IDbContextFactory<AnalyticsDbContext>, ContextFactory<PostgreSqlAnalyticsDbContext>>();
                services.AddSingleton<DatabaseMigrator, PostgreSqlMigrator>();
                break;
            default:
                services.AddSingleton<DatabaseWriter>(s => new SqliteWriter(Connection(s)));
                services.AddSingleton<DatabaseReader>(s => new SqliteReader(Connection(s)));
                services.AddDbContextFactory<SqliteAnalyticsDbContext>((s, o) => o
                    .UseSqlite(Connection(s)).UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking));
                services.AddSingleton<IDbContextFactory<AnalyticsDbContext>, ContextFactory<SqliteAnalyticsDbContext>>();
                services.AddSingleton<DatabaseMigrator, SqliteMigrator>();
                break;
        }

        return services;
    }

    private static string Connection(IServiceProvider services) => SqliteDatabase.ConnectionString(services.GetRequiredService<DataDirectory>().Combine("analytics.db"));

    private static bool IsConnectionString(string? text)
    {
        try
        {
            return !string.IsNullOrWhiteSpace(text) && new NpgsqlConnectionStringBuilder(text).Host is { Length: > 0 };
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Looks for EF Core's factory when a context is wanted: with it come three assemblies and a compiled expression, which no start waits for.</summary>
    private sealed class ContextFactory<T>(IServiceProvider services) : IDbContextFactory<AnalyticsDbContext>
        where T : AnalyticsDbContext
    {
        public AnalyticsDbContext CreateDbContext() => services.GetRequiredService<IDbContextFactory<T>>().CreateDbContext();
    }
}
