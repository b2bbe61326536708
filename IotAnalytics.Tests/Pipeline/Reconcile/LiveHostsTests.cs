using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Pipeline.Reconcile;
using IotAnalytics.Tests.Fixtures;
using Microsoft.Extensions.Time.Testing;

namespace IotAnalytics.Tests.Pipeline.Reconcile;

public sealed class LiveHostsTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly TestDatabase _database = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _database.MigrateAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Theory]
    [InlineData("a:1", -59, "a:1 claimed source 1, partition 0")]
    [InlineData("a:1", -61, null)]
    [InlineData(LiveHosts.Reconciler, -1, null)]
    public async Task A_host_that_claimed_within_a_minute_is_alive_a_reconciliation_is_none(string owner, int seconds, string? expected)
    {
        await ExecuteAsync(
            "INSERT INTO stream_partition (source_id, partition, owner_epoch, owner, claimed_at, fast_offset, rollup_offset, lake_offset) VALUES (1, 0, 1, @who, @at, 0, 0, 0)",
            owner, seconds);

        await AssertAsync(expected);
    }

    [Theory]
    [InlineData(-29, "b:2 reported")]
    [InlineData(-31, null)]
    public async Task A_host_that_reported_within_thirty_seconds_is_alive(int seconds, string? expected)
    {
        await ExecuteAsync(
            "INSERT INTO partition_status (source_id, partition, time, high_watermark, lag_records, lag_seconds, spool_bytes, retries, host) VALUES (1, 0, @at, 0, 0, 0, 0, 0, @who)",
            "b:2", seconds);

        await AssertAsync(expected);
    }

    [Theory]
    [InlineData(1, "c:3 holds a role")]
    [InlineData(-1, null)]
    public async Task A_host_with_a_lease_is_alive(int seconds, string? expected)
    {
        await ExecuteAsync("INSERT INTO host_role (role, owner, taken_at, expires_at) VALUES ('publisher', @who, @at, @at)", "c:3", seconds);

        await AssertAsync(expected);
    }

    private Task ExecuteAsync(string sql, string who, int seconds) => _database.Writer.WriteAsync(
        transaction => transaction.Execute(sql, ("@who", who), ("@at", DbTime.From(Now.AddSeconds(seconds)))), Token);

    private async Task AssertAsync(string? expected)
    {
        var found = await new LiveHosts(_database.Reader, new FakeTimeProvider(Now)).FindAsync(Token);
        if (expected is null)
        {
            Assert.Null(found);
        }
        else
        {
            Assert.StartsWith(expected, found, StringComparison.Ordinal);
        }
    }
}
