using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Pipeline;

/// <summary>The plan that the aliases call for, with versions that cannot be used.</summary>
public sealed class CurrentPlanTests : IAsyncLifetime
{
    private static readonly SensorProfile Climate = ClimateProfile.Default;
    private static readonly SensorProfile Boiler = Climate with { Name = "boiler" };
    private static readonly ModelSnapshot Model = BootstrapTrainer.Train(Climate, seed: 1);
    private readonly TestDatabase _database = new();
    private readonly HashSet<string> _broken = [];
    private CurrentPlan _plan = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _database.MigrateAsync();
        foreach (var name in new[] { "boiler", "climate" })
        {
            await ExecuteAsync($"INSERT INTO model (name, champion, shadow_share, created_at) VALUES ('{name}', '1', 0, 0)");
        }

        _plan = new CurrentPlan(new ProfileCatalog([Boiler, Climate]), new ReadingRules(16, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5)), _database.Reader, LoadAsync);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task Champion_shadow_and_share_of_every_profile_are_in_the_plan()
    {
        await ExecuteAsync("UPDATE model SET champion = '3', shadow = '4', shadow_share = 0.25 WHERE name = 'climate'");

        var made = await _plan.MakeAsync(previous: null, Token);

        Assert.Empty(made.Unusable);
        Assert.Equal(
            [("boiler", "1", null, null), ("climate", "3", "4", (double?)0.25)],
            made.Plan.Models.Select(m => (m.Profile, m.Version, m.Shadow?.Version, m.Shadow?.Share)));
    }

    [Fact]
    public async Task A_champion_that_cannot_be_loaded_leaves_its_profile_as_it_was_and_does_not_hold_back_another()
    {
        await ExecuteAsync("UPDATE model SET shadow = '5' WHERE name = 'climate'");
        var before = (await _plan.MakeAsync(previous: null, Token)).Plan;
        await ExecuteAsync("UPDATE model SET champion = '2', shadow = NULL");
        _broken.Add("climate/2");

        var made = await _plan.MakeAsync(before, Token);

        Assert.Equal([("boiler", "2", null), ("climate", "1", "5")], made.Plan.Models.Select(m => (m.Profile, m.Version, m.Shadow?.Version)));
        Assert.Equal(("climate", "2"), (made.Unusable.Single().Name, made.Unusable.Single().Version));
        await Assert.ThrowsAsync<FileNotFoundException>(() => _plan.MakeAsync(previous: null, Token));
    }

    [Fact]
    public async Task A_shadow_that_cannot_be_loaded_does_not_hold_back_a_rollback()
    {
        await ExecuteAsync("UPDATE model SET champion = '2', shadow = '3'");
        _broken.Add("climate/3");

        var made = await _plan.MakeAsync(previous: null, Token);

        Assert.Equal([("boiler", "2", "3"), ("climate", "2", null)], made.Plan.Models.Select(m => (m.Profile, m.Version, m.Shadow?.Version)));
        Assert.Equal("3", made.Unusable.Single().Version);
    }

    [Fact]
    public async Task A_champion_that_was_made_for_another_profile_is_not_put_in_force()
    {
        var before = (await _plan.MakeAsync(previous: null, Token)).Plan;
        var changed = Climate with { Features = [.. Climate.Features, new FeatureDefinition("double_humidity", "humidity * 2")] };
        await ExecuteAsync("UPDATE model SET champion = '2' WHERE name = 'climate'");
        var older = new CurrentPlan(
            new ProfileCatalog([Boiler, Climate]), before.Rules, _database.Reader,
            async (name, version, token) => version == "2" ? BootstrapTrainer.Train(changed, seed: 1, version) : await LoadAsync(name, version, token));

        var made = await older.MakeAsync(before, Token);

        Assert.Equal(before.ToJson(), made.Plan.ToJson());
        Assert.Contains("double_humidity", made.Unusable.Single().Reason.Message, StringComparison.Ordinal);
    }

    private Task<ModelSnapshot> LoadAsync(string name, string version, CancellationToken cancellationToken) => _broken.Contains($"{name}/{version}")
        ? Task.FromException<ModelSnapshot>(new FileNotFoundException($"{name}/{version}"))
        : Task.FromResult(Model with { Card = Model.Card with { Name = name, Version = version } });

    private Task ExecuteAsync(string sql) => _database.Writer.WriteAsync(transaction => transaction.Execute(sql), Token);
}
