using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Security;
using IotAnalytics.Web.Security.Audit;
using IotAnalytics.Web.Security.Keys;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace IotAnalytics.Tests.Conformance;

/// <summary>Keys and their audit entries, on every database.</summary>
public abstract class ApiKeyConformance : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private ApiKeyStore _store = null!;
    private ApiKeyRegistry _registry = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A new, empty database.</summary>
    private protected abstract Task<TestDatabase> CreateAsync();

    public async ValueTask InitializeAsync()
    {
        _database = await CreateAsync();
        await _database.MigrateAsync();
        _store = new ApiKeyStore(_database.Reader, TimeProvider.System);
        _registry = new ApiKeyRegistry(_database.Writer, _store, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
        {
            _store.Dispose();
            await _database.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_key_is_good_from_its_making_to_its_revocation_and_both_are_told()
    {
        var expires = new DateTime(2999, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var (secret, key) = await _registry.CreateAsync("gate", Scopes.Device, expires, Actor.CommandLine, Token);
        var found = await _store.FindAsync(secret, Token);
        Assert.Equal((key.KeyId, "gate", Scopes.Device, expires), (found!.KeyId, found.Name, found.Scope, found.ExpiresAt));

        Assert.Equal(RevocationKind.Revoked, (await _registry.RevokeAsync(key.KeyId, Actor.Host, Token)).Kind);
        Assert.Equal(RevocationKind.RevokedBefore, (await _registry.RevokeAsync(key.KeyId, Actor.Host, Token)).Kind);

        Assert.Null(await _store.FindAsync(secret, Token));
        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        var entries = await context.AuditEntries.OrderBy(e => e.AuditId).ToListAsync(Token);
        Assert.Equal([("api_key_created", "command line"), ("api_key_revoked", "host")], entries.Select(e => (e.Action, e.Actor)));
        Assert.All(entries, e => Assert.Equal($"api_key/{key.KeyId}", e.Target));
        Assert.Contains("\"scope\":\"device\"", entries[0].After, StringComparison.Ordinal);
        Assert.DoesNotContain(secret[KeySecret.VisibleLength..], string.Concat(entries.Select(e => e.Before + e.After)), StringComparison.Ordinal);
        Assert.NotNull((await context.ApiKeys.SingleAsync(Token)).RevokedAt);
    }

    [Fact]
    public async Task Of_two_administrators_keys_that_are_revoked_at_once_one_stays()
    {
        for (var round = 0; round < 5; round++)
        {
            await _registry.CreateAsync("a", Scopes.Administrator, null, Actor.Host, Token);
            await using var context = await _database.Contexts.CreateDbContextAsync(Token);
            var alive = await context.ApiKeys.Where(k => k.RevokedAt == null).Select(k => k.KeyId).ToListAsync(Token);

            await Task.WhenAll(alive.Select(id => _registry.RevokeAsync(id, Actor.Host, Token)));

            Assert.Equal(1, await context.ApiKeys.CountAsync(k => k.RevokedAt == null, Token));
        }
    }

    [Fact]
    public async Task A_second_start_makes_no_second_administrators_key_and_tells_nothing()
    {
        var administrator = new AdministratorKey(_database.Writer, _database.Directory, _store, TimeProvider.System, NullLogger<AdministratorKey>.Instance);

        await administrator.EnsureAsync(Token);
        await administrator.EnsureAsync(Token);

        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        Assert.Equal("administrator", (await context.ApiKeys.SingleAsync(Token)).Name);
        var entry = await context.AuditEntries.SingleAsync(Token);
        Assert.Equal(("administrator_key_created", "host"), (entry.Action, entry.Actor));
    }
}

public sealed class SqliteApiKeyTests : ApiKeyConformance
{
    private protected override Task<TestDatabase> CreateAsync() => Task.FromResult(new TestDatabase());
}

public sealed class PostgreSqlApiKeyTests(PostgreSqlServer server) : ApiKeyConformance
{
    private protected override async Task<TestDatabase> CreateAsync() => new(await server.NewSettingsAsync());
}
