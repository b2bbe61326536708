using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Pipeline;

namespace IotAnalytics.Tests.Pipeline;

public sealed class PartitionStoreTests : IAsyncLifetime
{
    private readonly Fixtures.TestDatabase _database = new();
    private PartitionStore _store = null!;

    public async ValueTask InitializeAsync()
    {
        await _database.MigrateAsync();
        _store = new PartitionStore(_database.Writer, TimeProvider.System);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task A_new_claim_fences_the_old_one()
    {
        var old = await ClaimAsync();
        var claim = await ClaimAsync();

        Assert.Equal(old.OwnerEpoch + 1, claim.OwnerEpoch);
        await Assert.ThrowsAsync<FencedException>(() => AdvanceAsync(old, DatabaseSink.Fast, 0, 10));
        await AdvanceAsync(claim, DatabaseSink.Fast, 0, 10);
        await Assert.ThrowsAsync<FencedException>(() => _store.ReadOffsetsAsync(old, Token));
    }

    [Fact]
    public async Task An_offset_moves_only_from_where_it_stands_and_never_past_the_sink_before_it()
    {
        var claim = await ClaimAsync();
        await AdvanceAsync(claim, DatabaseSink.Fast, 0, 10);

        await Assert.ThrowsAsync<FencedException>(() => AdvanceAsync(claim, DatabaseSink.Fast, 0, 20));
        await Assert.ThrowsAsync<FencedException>(() => AdvanceAsync(claim, DatabaseSink.Rollup, 0, 11));
        await AdvanceAsync(claim, DatabaseSink.Rollup, 0, 10);
        await Assert.ThrowsAsync<FencedException>(() => AdvanceLakeAsync(claim, 0, 11));
        await AdvanceLakeAsync(claim, 0, 10);

        Assert.Equal(new PartitionOffsets(10, 10, 10), await _store.ReadOffsetsAsync(claim, Token));
        var next = await ClaimAsync();
        Assert.Equal(("state", "hash"), (next.StateObject, next.StateSha256));
    }

    [Fact]
    public async Task Records_that_the_log_forgot_are_recorded_and_skipped()
    {
        var claim = await ClaimAsync();
        await AdvanceAsync(claim, DatabaseSink.Fast, 0, 30);

        await _store.SkipLostAsync(claim, 20, Token);

        Assert.Equal(new PartitionOffsets(30, 20, 20), await _store.ReadOffsetsAsync(claim, Token));
        Assert.Equal((0L, 20L), await _database.Writer.WriteAsync(
            transaction =>
            {
                using var command = transaction.Query("SELECT first_offset, next_offset FROM lost_range");
                using var reader = command.ExecuteReader();
                Assert.True(reader.Read());
                return (reader.GetInt64(0), reader.GetInt64(1));
            },
            Token));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Task<PartitionClaim> ClaimAsync() => _store.ClaimAsync(1, 0, "test", 0, Token);

    private Task AdvanceAsync(PartitionClaim claim, DatabaseSink sink, long first, long next) =>
        _database.Writer.WriteAsync(transaction => PartitionStore.Advance(transaction, claim, sink, first, next), Token);

    private Task AdvanceLakeAsync(PartitionClaim claim, long first, long next) =>
        _database.Writer.WriteAsync(transaction => PartitionStore.AdvanceLake(transaction, claim, first, next, "state", "hash"), Token);
}
