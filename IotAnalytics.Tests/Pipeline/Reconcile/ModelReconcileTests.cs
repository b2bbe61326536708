using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Tests.EndToEnd;
using IotAnalytics.Web.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Pipeline.Reconcile;

/// <summary>Models that changed since the copy of the database was made.</summary>
public sealed class ModelReconcileTests : IAsyncLifetime
{
    private readonly ReconcileSite _site = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Theory]
    [InlineData(0.01)]
    [InlineData(0.55)]
    public async Task An_A_B_split_promotions_and_a_rollback_are_read_from_the_rows(double threshold)
    {
        await _site.RunAsync(10);
        var dump = _site.Dump("dump");
        await using (var host = await _site.StartAsync())
        {
            var registry = host.Services.GetRequiredService<ModelRegistry>();
            // With the low threshold all rows of version 2 are anomalies: silver says nothing of it.
            await PlanOracle.AddVersionAsync(host.Services, threshold);
            await registry.SetShadowAsync("climate", "2", 0.4, "test", "a split", Token);
            await SwitchedAsync(host, 2);
            await registry.SetChampionAsync("climate", "2", "1", "test", "up", Token);
            await SwitchedAsync(host, 3);
            await registry.SetChampionAsync("climate", "1", "2", "test", "down", Token);
            await SwitchedAsync(host, 4);
            await registry.SetChampionAsync("climate", "2", "1", "test", "up again", Token);
            await SwitchedAsync(host, 5);
            await host.StopAsync(Token);
        }

        var truth = _site.Rows();
        Assert.Contains(truth, r => r.StartsWith("shadow_minute", StringComparison.Ordinal));
        _site.Restore(dump);

        Assert.Empty(await _site.ReconcileAsync());

        Assert.Equal(truth, _site.Rows());
    }

    [Fact]
    public async Task A_shadow_that_the_copy_knows_goes_on_in_the_rebuilt_rows()
    {
        string dump;
        await using (var host = await _site.StartAsync())
        {
            await PlanOracle.AddVersionAsync(host.Services, threshold: 0.55);
            await host.Services.GetRequiredService<ModelRegistry>().SetShadowAsync("climate", "2", 0, "test", "beside", Token);
            await _site.PostAsync(host, 1);
            await SwitchedAsync(host, 2);
            dump = _site.Dump("dump");
            await _site.PostAsync(host, 10);
            await host.StopAsync(Token);
        }

        var truth = _site.Rows();
        _site.Restore(dump);

        Assert.Empty(await _site.ReconcileAsync());

        Assert.Equal(truth, _site.Rows());
    }

    /// <summary>Posts until a plan more is in force, and some more.</summary>
    private async Task SwitchedAsync(PipelineHost host, int assignments)
    {
        do
        {
            await _site.PostAsync(host, 1);
        }
        while ((await PlanOracle.ReadAsync(host.Services.GetRequiredService<DatabaseReader>())).Count < assignments);

        await _site.PostAsync(host, 5);
    }
}
