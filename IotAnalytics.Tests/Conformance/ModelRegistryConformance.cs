using System.Data.Common;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Tests.Modeling;
using IotAnalytics.Tests.Modeling.Registry;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Tests.Conformance;

/// <summary>Versions, aliases and their history, on every database.</summary>
public abstract class ModelRegistryConformance : IAsyncLifetime
{
    private static readonly ProfileCatalog Catalog = new([SampleModels.Climate]);
    private readonly MemoryLakeStore _store = new();
    private TestDatabase _database = null!;
    private ModelRegistry _registry = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A new, empty database.</summary>
    private protected abstract Task<TestDatabase> CreateAsync();

    public async ValueTask InitializeAsync()
    {
        _database = await CreateAsync();
        await _database.MigrateAsync();
        _registry = Registry(Catalog);
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_version_gets_the_next_number_and_changes_no_alias()
    {
        var first = await AddAsync();
        var second = await AddAsync();

        Assert.Equal(["1", "2"], [first.Version, second.Version]);
        Assert.Equal(second.Sha256, (await Registry(Catalog).LoadAsync("climate", "2", Token)).Sha256);
        Assert.Null(await _registry.GetChampionAsync("climate", Token));
        Assert.Empty(await HistoryAsync());
    }

    [Fact]
    public async Task Hosts_that_add_versions_at_once_get_numbers_of_their_own()
    {
        var hosts = Enumerable.Range(0, 4).Select(_ => Registry(Catalog)).ToArray();
        var added = await Task.WhenAll(hosts.Select((h, i) => Task.Run(() => h.AddVersionAsync(Candidate(seed: i), "me", trainingRunId: null, together: null, Token), Token)));

        Assert.Equal(["1", "2", "3", "4"], added.Select(m => m.Version).Order());
        foreach (var model in added)
        {
            Assert.Equal(model.Sha256, (await Registry(Catalog).LoadAsync("climate", model.Version, Token)).Sha256);
        }
    }

    [Fact]
    public async Task What_is_done_together_with_a_version_stands_or_falls_with_it()
    {
        await _registry.AddVersionAsync(
            Candidate(), "training", 7, (t, version) => t.Execute("INSERT INTO model (name, created_at, shadow_share) VALUES (@n, @now, 0)", ("@n", $"made {version}"), ("@now", new DbTime(0))), Token);
        await Assert.ThrowsAsync<InvalidOperationException>(() => _registry.AddVersionAsync(Candidate(), "training", 8, (_, _) => throw new InvalidOperationException(), Token));

        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        var version = await context.ModelVersions.SingleAsync(Token);
        Assert.Equal(("1", 7L, "training"), (version.Version, version.TrainingRunId, version.CreatedBy));
        Assert.Equal(["climate", "made 1"], await context.Models.Select(m => m.Name).OrderBy(n => n).ToListAsync(Token));
        Assert.Equal("2", (await AddAsync()).Version);
    }

    [Fact]
    public async Task Promotion_and_rollback_are_told_with_who_and_why()
    {
        await _registry.EnsureBootstrapAsync(Catalog, Token);
        await AddAsync();

        Assert.True(await _registry.SetChampionAsync("climate", "2", "1", "ann", "fewer false alarms", Token));
        Assert.True(await _registry.SetChampionAsync("climate", "1", expectedPrevious: null, "bob", "it missed the leak", Token));
        Assert.True(await _registry.SetChampionAsync("climate", "1", "1", "bob", "again", Token));

        Assert.Equal("1", (await _registry.GetChampionAsync("climate", Token))!.Version);
        Assert.Equal(
            ["champion 1 after - by bootstrap: the first model of the profile", "champion 2 after 1 by ann: fewer false alarms", "champion 1 after 2 by bob: it missed the leak"],
            await HistoryAsync());
    }

    [Fact]
    public async Task Of_two_who_decide_on_the_same_champion_one_is_told_that_it_is_another()
    {
        await _registry.EnsureBootstrapAsync(Catalog, Token);
        await AddAsync();
        await AddAsync();

        var set = await Task.WhenAll(new[] { "2", "3" }.Select(v => Task.Run(() => Registry(Catalog).SetChampionAsync("climate", v, "1", "me", "better", Token), Token)));

        Assert.Single(set, isSet => isSet);
        Assert.Equal(2, (await HistoryAsync()).Count);
    }

    [Fact]
    public async Task A_shadow_that_becomes_the_champion_is_no_shadow_any_more()
    {
        await _registry.EnsureBootstrapAsync(Catalog, Token);
        await AddAsync();
        await _registry.SetShadowAsync("climate", "2", 0.25, "ann", "look at it", Token);
        Assert.Equal(("2", 0.25), await ShadowAsync());

        await _registry.SetChampionAsync("climate", "2", "1", "ann", "it is better", Token);

        Assert.Null(await ShadowAsync());
        Assert.Equal(
            ["shadow 2 (0.25) after - by ann: look at it", "shadow - after 2 by ann: became the champion: it is better", "champion 2 after 1 by ann: it is better"],
            (await HistoryAsync())[1..]);
    }

    [Fact]
    public async Task A_shadow_is_removed_once()
    {
        await _registry.EnsureBootstrapAsync(Catalog, Token);
        await AddAsync();
        await _registry.SetShadowAsync("climate", "2", 0, "ann", "look at it", Token);
        await _registry.SetShadowAsync("climate", version: null, 0, "ann", "seen", Token);
        await _registry.SetShadowAsync("climate", version: null, 0, "ann", "seen", Token);

        Assert.Null(await ShadowAsync());
        Assert.Equal(3, (await HistoryAsync()).Count);
    }

    [Theory]
    [InlineData("2", 0.51, "0 to 0.5, not 0.51")]
    [InlineData("2", -0.1, "0 to 0.5, not -0.1")]
    [InlineData("2", double.NaN, "0 to 0.5")]
    [InlineData("1", 0.1, "is the champion")]
    public async Task A_shadow_that_makes_no_sense_is_refused(string version, double share, string why)
    {
        await _registry.EnsureBootstrapAsync(Catalog, Token);
        await AddAsync();

        var refused = await Assert.ThrowsAsync<ModelRefusedException>(() => _registry.SetShadowAsync("climate", version, share, "me", "try", Token));

        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.Null(await ShadowAsync());
    }

    [Fact]
    public async Task A_version_that_does_not_fit_its_profile_becomes_neither_champion_nor_shadow()
    {
        await _registry.EnsureBootstrapAsync(Catalog, Token);
        await AddAsync();
        var changed = new ProfileCatalog([SampleModels.Climate with { Features = SampleModels.Climate.Features.SetItem(2, new FeatureDefinition("ratio", "temperature / max(humidity, 2)")) }]);
        var registry = Registry(changed);
        await registry.EnsureBootstrapAsync(changed, Token);

        var champion = await Assert.ThrowsAsync<ModelRefusedException>(() => registry.SetChampionAsync("climate", "2", expectedPrevious: null, "me", "back", Token));
        await Assert.ThrowsAsync<ModelRefusedException>(() => registry.SetShadowAsync("climate", "2", 0, "me", "back", Token));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => registry.SetChampionAsync("climate", "9", expectedPrevious: null, "me", "back", Token));

        Assert.Contains("Version 2 of climate does not fit the profile: it has the features temperature, humidity, temperature_humidity_ratio", champion.Message, StringComparison.Ordinal);
        Assert.Equal("3", (await registry.GetChampionAsync("climate", Token))!.Version);
    }

    [Fact]
    public async Task A_shadow_that_a_changed_profile_left_behind_goes_at_the_next_start()
    {
        await _registry.EnsureBootstrapAsync(Catalog, Token);
        await AddAsync();
        await _registry.SetShadowAsync("climate", "2", 0.1, "me", "look at it", Token);
        var changed = new ProfileCatalog([SampleModels.Climate with { Features = SampleModels.Climate.Features.RemoveAt(2) }]);

        await Registry(changed).EnsureBootstrapAsync(changed, Token);

        Assert.Null(await ShadowAsync());
        Assert.Equal("shadow - after 2 by bootstrap: it does not fit the profile any more", (await HistoryAsync())[2]);
    }

    [Theory]
    [InlineData("UPDATE model_alias_history SET reason = 'another'")]
    [InlineData("DELETE FROM model_alias_history")]
    public async Task The_history_can_be_neither_changed_nor_removed(string attempt)
    {
        await _registry.EnsureBootstrapAsync(Catalog, Token);

        var refused = await Assert.ThrowsAnyAsync<DbException>(() => _database.Writer.WriteAsync(t => t.Execute(attempt), Token));

        Assert.Contains("append-only", refused.Message, StringComparison.Ordinal);
    }

    private static ModelSnapshot Candidate(int seed = 3)
    {
        string[] names = ["temperature", "humidity", "temperature_humidity_ratio"];
        var plain = SampleModels.Plain(3, new IsolationForestOptions { Trees = 4, Seed = seed }) with { FeatureNames = [.. names], MeasurementNames = [.. names] };
        var aligned = ModelFit.Align(plain, SampleModels.Climate);
        return aligned with { Card = aligned.Card with { Name = "climate", Version = "" } };
    }

    private Task<ModelSnapshot> AddAsync() => _registry.AddVersionAsync(Candidate(), "me", trainingRunId: null, together: null, Token);

    private async Task<(string, double)?> ShadowAsync() =>
        await Registry(Catalog).GetShadowAsync("climate", Token) is var (model, share) ? (model.Version, share) : null;

    private async Task<List<string>> HistoryAsync()
    {
        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        return [.. (await context.ModelAliasChanges.OrderBy(c => c.ChangeId).ToListAsync(Token)).Select(c => string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{c.Alias} {c.Version ?? "-"}{(c.Share > 0 ? $" ({c.Share})" : "")} after {c.Previous ?? "-"} by {c.ChangedBy}: {c.Reason}"))];
    }

    /// <summary>What another host has.</summary>
    private ModelRegistry Registry(ProfileCatalog catalog) => new(
        _database.Reader, _database.Writer, _store, catalog, Options.Create(new LakeOptions()), Options.Create(new ModelingOptions()), TimeProvider.System,
        NullLogger<ModelRegistry>.Instance);
}

public sealed class SqliteModelRegistryTests : ModelRegistryConformance
{
    private protected override Task<TestDatabase> CreateAsync() => Task.FromResult(new TestDatabase());
}

public sealed class PostgreSqlModelRegistryTests(PostgreSqlServer server) : ModelRegistryConformance
{
    private protected override async Task<TestDatabase> CreateAsync() => new(await server.NewSettingsAsync());
}
