using IotAnalytics.Core;
using IotAnalytics.Core.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Fixtures;

/// <summary>A migrated database in a temporary folder, deleted afterwards.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public TestDatabase()
    {
        Directory = new DataDirectory(System.IO.Directory.CreateTempSubdirectory("iot-db-").FullName);
        _services = new ServiceCollection().AddSingleton(Directory).AddLogging().AddPersistence(new ConfigurationBuilder().Build()).BuildServiceProvider();
    }

    public DataDirectory Directory { get; }

    public DatabaseWriter Writer => _services.GetRequiredService<DatabaseWriter>();

    public DatabaseReader Reader => _services.GetRequiredService<DatabaseReader>();

    public IDbContextFactory<AnalyticsDbContext> Contexts => _services.GetRequiredService<IDbContextFactory<AnalyticsDbContext>>();

    public Task MigrateAsync() => _services.GetRequiredService<DatabaseMigrator>().MigrateAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        System.IO.Directory.Delete(Directory.Path, recursive: true);
    }
}
