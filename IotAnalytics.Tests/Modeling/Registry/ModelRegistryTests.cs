using System.Text.Json;
using IotAnalytics.Core;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace IotAnalytics.Tests.Modeling.Registry;

public sealed class ModelRegistryTests : IAsyncLifetime
{
    private static readonly ProfileCatalog Catalog = new([SampleModels.Climate]);
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-models-").FullName;
    private readonly MemoryLakeStore _store = new();
    private readonly List<ServiceProvider> _hosts = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await Host().GetRequiredService<DatabaseMigrator>().MigrateAsync(Stop);

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_fresh_folder_gets_a_champion_for_every_profile_and_keeps_it()
    {
        var registry = Registry(Host());
        Assert.Null(await registry.GetChampionAsync("climate", Stop));

        await registry.EnsureBootstrapAsync(Catalog, Stop);
        var champion = await registry.GetChampionAsync("climate", Stop);
        await registry.EnsureBootstrapAsync(Catalog, seed: 99, Stop);
        var later = await Registry(Host()).GetChampionAsync("climate", Stop);

        Assert.Equal("1", champion!.Version);
        Assert.Equal(champion.Sha256, later!.Sha256);
        Assert.Same(champion, await registry.LoadAsync("climate", "1", Stop));
        var key = Assert.Single(_store.Objects).Key;
        Assert.StartsWith("bronze/_system/models/climate/1-", key, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_rows_say_what_the_file_says()
    {
        await Registry(Host()).EnsureBootstrapAsync(Catalog, Stop);
        await using var context = await Host().GetRequiredService<IDbContextFactory<AnalyticsDbContext>>().CreateDbContextAsync(Stop);
        var version = await context.ModelVersions.SingleAsync(Stop);
        var ranges = await context.ModelFeatureRanges.OrderBy(r => r.Measurement).ToListAsync(Stop);
        using var card = JsonDocument.Parse(version.Card);

        Assert.Equal(ModelFile.HashOf(_store.Objects[version.ObjectKey]), version.Sha256);
        Assert.Equal("bootstrap", version.CreatedBy);
        Assert.Equal(["humidity", "temperature"], ranges.Select(r => r.Measurement));
        Assert.All(ranges, r => Assert.Equal("climate/1", r.ModelVersion));
        Assert.InRange(ranges[1].P1, 18, 18.3);
        Assert.InRange(ranges[1].P99, 27.7, 28);
        Assert.Equal("temperature / max(humidity, 1)", card.RootElement.GetProperty("features")[2].GetProperty("expression").GetString());
        Assert.Equal("contamination", card.RootElement.GetProperty("threshold").GetProperty("rule").GetString());
    }

    [Fact]
    public async Task Hosts_that_start_together_share_one_version()
    {
        var registries = Enumerable.Range(0, 4).Select(_ => Registry(Host())).ToArray();
        await Task.WhenAll(registries.Select((r, i) => Task.Run(() => r.EnsureBootstrapAsync(Catalog, seed: i, Stop), Stop)));

        var champions = await Task.WhenAll(registries.Select(r => r.GetChampionAsync("climate", Stop)));
        Assert.Single(champions.Select(c => c!.Sha256).Distinct());
        Assert.Equal("1", champions[0]!.Version);
    }

    [Fact]
    public async Task A_file_that_is_not_the_registered_one_is_refused()
    {
        await Registry(Host()).EnsureBootstrapAsync(Catalog, Stop);
        var key = _store.Objects.Keys.Single();
        _store.Objects[key] = ModelFile.Write(SampleModels.Plain(3, new IsolationForestOptions { Trees = 2 }));

        var error = await Assert.ThrowsAsync<ModelFileException>(() => Registry(Host()).LoadAsync("climate", "1", Stop));
        Assert.Contains(key, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_version_is_named()
    {
        var error = await Assert.ThrowsAsync<KeyNotFoundException>(() => Registry(Host()).LoadAsync("climate", "7", Stop));

        Assert.Contains("climate has no version 7", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_profile_gets_a_new_bootstrap_version()
    {
        var registry = Registry(Host());
        await registry.EnsureBootstrapAsync(Catalog, Stop);
        var changed = SampleModels.Climate with { Features = SampleModels.Climate.Features.SetItem(2, new FeatureDefinition("temperature_humidity_ratio", "temperature / max(humidity, 2)")) };
        await registry.EnsureBootstrapAsync(new ProfileCatalog([changed]), Stop);

        var champion = await registry.GetChampionAsync("climate", Stop);
        Assert.Equal("2", champion!.Version);
        Assert.Equal("temperature / max(humidity, 2)", champion.Card.Features[2].Expression);
        Assert.Equal("1", (await registry.LoadAsync("climate", "1", Stop)).Version);
    }

    [Fact]
    public async Task A_foreign_model_of_plain_columns_becomes_champion_in_the_profile_s_order()
    {
        var plain = SampleModels.Plain(3, new IsolationForestOptions { Trees = 4 });
        string[] names = ["temperature", "humidity", "temperature_humidity_ratio"];
        var foreign = plain with { FeatureNames = [.. names], MeasurementNames = [names[1], names[2], names[0]] };
        var registry = Registry(Host());
        var imported = await registry.ImportAsync(SampleModels.Climate, ModelFile.Write(foreign), "me", Stop);
        await registry.EnsureBootstrapAsync(Catalog, Stop);

        var champion = await Registry(Host()).GetChampionAsync("climate", Stop);
        Assert.Equal(imported.Sha256, champion!.Sha256);
        Assert.Equal(("climate", "1"), (champion.Name, champion.Version));
        Assert.Equal(["temperature", "humidity"], champion.MeasurementNames);
        Assert.Equal(foreign.ReferenceRows[0][2], champion.ReferenceRows[0][0]);
        Assert.Equal(foreign.Threshold, champion.Threshold);
    }

    [Fact]
    public async Task A_foreign_model_that_does_not_fit_is_refused_with_the_difference()
    {
        var plain = ModelFile.Write(SampleModels.Plain(2, new IsolationForestOptions { Trees = 4 }));
        var error = await Assert.ThrowsAsync<ModelFileException>(() => Registry(Host()).ImportAsync(SampleModels.Climate, plain, "me", Stop));

        Assert.Contains("it has the features a, b, the profile has temperature", error.Message, StringComparison.Ordinal);
    }

    private static ModelRegistry Registry(ServiceProvider host) => host.GetRequiredService<ModelRegistry>();

    /// <summary>A host of its own on the same folder and store.</summary>
    private ServiceProvider Host()
    {
        var configuration = new ConfigurationBuilder().Build();
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(new DataDirectory(_folder));
        services.AddSingleton<TimeProvider>(new FakeTimeProvider());
        services.AddSingleton<ILakeStore>(_store);
        services.AddPersistence(configuration);
        services.AddSingleton(Catalog);
        services.AddModeling(configuration);
        var host = services.BuildServiceProvider();
        _hosts.Add(host);
        return host;
    }
}
