using IotAnalytics.Core;
using IotAnalytics.Core.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Fixtures;

/// <summary>A migrated database in a temporary folder, deleted afterwards; or of a server, which deletes it with its own folder.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    /// <param name="settings">Configuration of another database than the folder's.</param>
    public TestDatabase(IReadOnlyDictionary<string, string?>? settings = null)
    {
        Directory = new DataDirectory(System.IO.Directory.CreateTempSubdirectory("iot-db-").FullName);
        _services = new ServiceCollection().AddSingleton(Directory).AddSingleton(TimeProvider.System).AddLogging()
            .AddPersistence(new ConfigurationBuilder().AddInMemoryCollection(settings ?? new Dictionary<string, string?>()).Build()).BuildServiceProvider();
    }

    public DataDirectory Directory { get; }

    public IServiceProvider Services => _services;

    public DatabaseWriter Writer => _services.GetRequiredService<DatabaseWriter>();

    public DatabaseReader Reader => _services.GetRequiredService<DatabaseReader>();

    public IDbContextFactory<AnalyticsDbContext> Contexts => _services.GetRequiredService<IDbContextFactory<AnalyticsDbContext>>();

    public Task MigrateAsync() => _services.GetRequiredService<DatabaseMigrator>().MigrateAsync(TestContext.Current.CancellationToken);

    /// <summary>The first column of the first row.</summary>
    public Task<object?> ScalarAsync(string sql) => Reader.ReadAsync(
        transaction =>
        {
            using var command = transaction.Query(sql);
            return command.ExecuteScalar();
        },
        TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        System.IO.Directory.Delete(Directory.Path, recursive: true);
    }
}
