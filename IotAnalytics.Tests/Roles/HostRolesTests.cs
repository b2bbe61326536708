using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Roles;
using IotAnalytics.Tests.Fixtures;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace IotAnalytics.Tests.Roles;

public sealed class HostRolesTests(PostgreSqlServer server) : IAsyncLifetime
{
    private TestDatabase _database = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = new TestDatabase(await server.NewSettingsAsync());
        await _database.MigrateAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }

    [Fact]
    public async Task Of_several_hosts_one_has_a_role_and_renewing_keeps_it()
    {
        HostRoles[] hosts = [Host("a"), Host("b"), Host("c")];

        await Task.WhenAll(hosts.Select(h => h.RenewAsync(Token)));
        var first = Assert.Single(hosts, h => h.Holds(HostRole.Publisher));
        await Task.WhenAll(hosts.Select(h => h.RenewAsync(Token)));

        Assert.Same(first, Assert.Single(hosts, h => h.Holds(HostRole.Publisher)));
        Assert.Single(hosts, h => h.Holds(HostRole.Upkeep));
    }

    [Fact]
    public async Task A_role_moves_at_once_from_a_host_that_stops_and_after_its_lease_from_one_that_died()
    {
        var (stopped, next) = (Host("a"), Host("b"));
        await stopped.RenewAsync(Token);
        await stopped.StopAsync(Token);
        await next.RenewAsync(Token);
        Assert.True(next.Holds(HostRole.Publisher));
        Assert.False(stopped.Holds(HostRole.Publisher));

        // "b" dies; the database's clock decides when.
        var third = Host("c");
        await third.RenewAsync(Token);
        Assert.False(third.Holds(HostRole.Publisher));
        await _database.Writer.WriteAsync(t => t.Execute("UPDATE host_role SET expires_at = expires_at - interval '21 seconds'"), Token);
        await third.RenewAsync(Token);
        Assert.True(third.Holds(HostRole.Publisher));
    }

    [Fact]
    public async Task A_host_that_could_not_renew_no_longer_believes_in_its_role()
    {
        var clock = new FakeTimeProvider();
        var host = Host("a", clock);
        await host.RenewAsync(Token);
        Assert.True(host.Holds(HostRole.Upkeep));

        clock.Advance(TimeSpan.FromSeconds(21));

        Assert.False(host.Holds(HostRole.Upkeep));
    }

    [Fact]
    public async Task A_host_that_must_stop_at_once_leaves_its_roles_to_their_leases()
    {
        var host = Host("a");
        await host.RenewAsync(Token);

        await host.StopAsync(new CancellationToken(canceled: true));

        Assert.False(host.Holds(HostRole.Publisher));
    }

    [Fact]
    public void A_host_with_a_database_of_its_own_has_every_role()
    {
        using var host = new HostRoles(_database.Writer, Options.Create(new DatabaseOptions()), new HostIdentity("a"), TimeProvider.System, NullLogger<HostRoles>.Instance);

        Assert.All(HostRole.All, role => Assert.True(host.Holds(role)));
    }

    private HostRoles Host(string name, TimeProvider? time = null) => new(
        _database.Writer, Options.Create(new DatabaseOptions { Provider = "PostgreSql" }), new HostIdentity(name), time ?? TimeProvider.System, NullLogger<HostRoles>.Instance);
}
