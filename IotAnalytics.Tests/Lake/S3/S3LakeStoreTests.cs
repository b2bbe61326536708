using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Stores.S3;
using IotAnalytics.Tests.Conformance;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Lake.S3;

public sealed class S3LakeStoreTests(S3Server server) : LakeStoreConformance, IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private S3LakeStore? _store;
    private string _bucket = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    protected override ILakeStore Store => _store!;

    protected override string Root => $"{_bucket}/";

    protected override string LocalFolder => _folder.Path;

    public async ValueTask InitializeAsync()
    {
        _store = S3Server.Store(S3Server.Options(await server.RequireAsync()));
        _bucket = await server.NewBucketAsync();
    }

    public ValueTask DisposeAsync()
    {
        _store?.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_listing_of_several_pages_is_whole()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 1_050), Token, async (i, token) => await _store!.PutAsync($"{_bucket}/pages/{i:D5}", new byte[1], token));

        var keys = new List<string>();
        await foreach (var entry in _store!.ListAsync($"{_bucket}/pages/", Token))
        {
            keys.Add(entry.Key);
        }

        Assert.Equal(Enumerable.Range(0, 1_050).Select(i => $"{_bucket}/pages/{i:D5}"), keys);
    }

    [Fact]
    public async Task A_missing_bucket_is_not_an_empty_lake()
    {
        var key = $"{S3Server.NewBucketName()}/table/x";
        foreach (var use in new Func<Task>[]
        {
            () => _store!.OpenReadAsync(key, Token), () => _store!.GetLengthAsync(key, Token), () => _store!.PutAsync(key, new byte[1], Token),
            () => _store!.TryCreateAsync(key, new byte[1], Token), () => _store!.DeleteAsync(key, Token), async () => await _store!.ListAsync(key, Token).AnyAsync(Token),
        })
        {
            Assert.IsNotType<FileNotFoundException>(await Assert.ThrowsAnyAsync<IOException>(use));
        }
    }

    [Fact]
    public async Task An_object_replaced_while_it_is_read_is_never_mixed()
    {
        var (first, second) = (new byte[3_000_000], new byte[3_000_000]);
        Array.Fill(second, (byte)1);
        await _store!.PutAsync($"{_bucket}/mixed", first, Token);
        await using var stream = await _store.OpenReadAsync($"{_bucket}/mixed", Token);
        await _store.PutAsync($"{_bucket}/mixed", second, Token);

        await Assert.ThrowsAnyAsync<IOException>(() => stream.ReadExactlyAsync(new byte[3_000_000], Token).AsTask());
    }

    [Fact]
    public async Task An_object_deleted_while_it_is_read_is_missing()
    {
        await _store!.PutAsync($"{_bucket}/gone", new byte[3_000_000], Token);
        await using var stream = await _store.OpenReadAsync($"{_bucket}/gone", Token);
        await _store.DeleteAsync($"{_bucket}/gone", Token);

        await Assert.ThrowsAsync<FileNotFoundException>(() => stream.ReadExactlyAsync(new byte[3_000_000], Token).AsTask());
    }

    [Fact]
    public async Task A_key_without_a_bucket_is_refused()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => _store!.PutAsync("alone", new byte[1], Token));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _store!.ListAsync("alone", Token).AnyAsync(Token));
    }

    [Fact]
    public async Task A_wrong_secret_is_told_in_one_line_without_it_and_not_tried_again()
    {
        await using var proxy = await S3FaultProxy.StartAsync(await server.RequireAsync());
        var options = S3Server.Options(proxy.Address);
        options.SecretAccessKey = "not-the-real-one";
        using var stranger = S3Server.Store(options);

        var error = await Assert.ThrowsAnyAsync<IOException>(() => stranger.PutAsync($"{_bucket}/x", new byte[1], Token));

        Assert.Contains("SignatureDoesNotMatch", error.Message, StringComparison.Ordinal);
        Assert.Contains(proxy.Address, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("not-the-real-one", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(1, Assert.Single(proxy.Requests).Value);
    }
}
