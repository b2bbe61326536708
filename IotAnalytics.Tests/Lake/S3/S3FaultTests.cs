using System.Globalization;
using System.Security.Cryptography;
using IotAnalytics.Core.Lake.Files;
using IotAnalytics.Core.Lake.Stores.S3;
using IotAnalytics.Tests.Fixtures;
using Microsoft.AspNetCore.Http;

namespace IotAnalytics.Tests.Lake.S3;

/// <summary>The store behind a proxy that lets requests go wrong, before a real server. IOT_TEST_S3_OBJECTS sets how many objects are written at one fault in five
/// requests (default 400).</summary>
public sealed class S3FaultTests(S3Server server) : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private S3FaultProxy? _proxy;
    private S3LakeStore? _store;
    private S3LakeStore? _straight;
    private string _bucket = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private S3FaultProxy Proxy => _proxy!;

    private S3LakeStore Store => _store!;

    public async ValueTask InitializeAsync()
    {
        var endpoint = await server.RequireAsync();
        _bucket = await server.NewBucketAsync();
        _proxy = await S3FaultProxy.StartAsync(endpoint);
        _store = S3Server.Store(S3Server.Options(_proxy.Address));
        _straight = S3Server.Store(S3Server.Options(endpoint));
    }

    public async ValueTask DisposeAsync()
    {
        _store?.Dispose();
        _straight?.Dispose();
        if (_proxy is not null)
        {
            await _proxy.DisposeAsync();
        }

        _folder.Dispose();
    }

    [Theory]
    [InlineData(S3Fault.InternalError)]
    [InlineData(S3Fault.Unavailable)]
    [InlineData(S3Fault.Conflict)]
    [InlineData(S3Fault.Reset)]
    [InlineData(S3Fault.NoAnswer)]
    [InlineData(S3Fault.Slow)]
    [InlineData(S3Fault.LostReply)]
    [InlineData(S3Fault.HalfBody)]
    public async Task Every_operation_outlives_a_first_try_that_goes_wrong(S3Fault fault)
    {
        var options = S3Server.Options(Proxy.Address);
        options.Timeout = fault == S3Fault.NoAnswer ? TimeSpan.FromSeconds(0.5) : options.Timeout;
        using var store = S3Server.Store(options);
        Proxy.FailFirst(fault);
        var content = RandomNumberGenerator.GetBytes(700_000);
        var local = _folder.Combine("file");
        await File.WriteAllBytesAsync(local, content, Token);

        await store.PutAsync($"{_bucket}/t/put", "put"u8.ToArray(), Token);
        await store.PutFileAsync($"{_bucket}/t/file", local, Token);
        Assert.True(await store.TryCreateAsync($"{_bucket}/t/created", "created"u8.ToArray(), Token));
        Assert.Equal(700_000, await store.GetLengthAsync($"{_bucket}/t/file", Token));
        Assert.Equal("put"u8.ToArray(), await ReadAsync(store, "t/put"));
        Assert.Equal(content, await ReadAsync(store, "t/file"));
        Assert.Equal(3, await store.ListAsync($"{_bucket}/t/", Token).CountAsync(Token));
        await store.DeleteAsync($"{_bucket}/t/put", Token);

        Assert.Null(await _straight!.GetLengthAsync($"{_bucket}/t/put", Token));
        Assert.Equal("created"u8.ToArray(), await ReadAsync(_straight, "t/created"));
        Assert.False(File.Exists(local));
        Assert.All(["PUT", "GET", "DELETE"], method => Assert.Contains((method, fault), Proxy.Faults));
    }

    [Fact]
    public async Task A_created_object_whose_reply_was_lost_is_ours()
    {
        Proxy.FailFirst(S3Fault.LostReply);

        Assert.True(await Store.TryCreateAsync($"{_bucket}/v/1.json", "the body"u8.ToArray(), Token));

        Assert.Equal(2, Proxy.Requests[$"PUT /{_bucket}/v/1.json "]);
        Assert.Equal("the body"u8.ToArray(), await ReadAsync(_straight!, "v/1.json"));
    }

    [Theory]
    [InlineData(S3Fault.None)]
    [InlineData(S3Fault.Conflict)]
    [InlineData(S3Fault.LostReply)]
    [InlineData(S3Fault.PreconditionFailed)]
    public async Task What_somebody_else_wrote_is_neither_overwritten_nor_taken_for_ours(S3Fault fault)
    {
        await _straight!.PutAsync($"{_bucket}/v/1.json", "of somebody else"u8.ToArray(), Token);
        Proxy.Decide = (request, before) => before == 0 && HttpMethods.IsPut(request.Method) ? fault : S3Fault.None;

        Assert.False(await Store.TryCreateAsync($"{_bucket}/v/1.json", "the body"u8.ToArray(), Token));

        Assert.Equal("of somebody else"u8.ToArray(), await ReadAsync(_straight, "v/1.json"));
    }

    [Fact]
    public async Task A_refusal_without_an_object_is_tried_again()
    {
        Proxy.Decide = (request, before) => HttpMethods.IsPut(request.Method) && before < 2 ? S3Fault.PreconditionFailed : S3Fault.None;

        Assert.True(await Store.TryCreateAsync($"{_bucket}/v/1.json", "the body"u8.ToArray(), Token));

        Assert.Equal("the body"u8.ToArray(), await ReadAsync(_straight!, "v/1.json"));
    }

    [Fact]
    public async Task A_store_that_refuses_for_ever_without_an_object_is_given_up()
    {
        Proxy.Decide = (request, _) => HttpMethods.IsPut(request.Method) ? S3Fault.PreconditionFailed : S3Fault.None;

        await Assert.ThrowsAnyAsync<IOException>(() => Store.TryCreateAsync($"{_bucket}/v/1.json", "the body"u8.ToArray(), Token));
    }

    [Theory]
    [InlineData(S3Fault.Unavailable, "503 SlowDown")]
    [InlineData(S3Fault.Reset, "(6 tries)")]
    public async Task A_store_that_stays_away_is_an_IOException_after_a_few_tries(S3Fault fault, string reason)
    {
        Proxy.Decide = (_, _) => fault;
        var local = _folder.Combine("kept");
        await File.WriteAllTextAsync(local, "kept", Token);

        var error = await Assert.ThrowsAnyAsync<IOException>(() => Store.PutFileAsync($"{_bucket}/x", local, Token));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains($"PUT {_bucket}/x at {Proxy.Address}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        // The framework's client itself sends again, at once, when a connection breaks before any answer.
        Assert.True(Proxy.Requests[$"PUT /{_bucket}/x "] is 6 || fault == S3Fault.Reset, $"{Proxy.Requests[$"PUT /{_bucket}/x "]} requests");
        Assert.Equal("kept", await File.ReadAllTextAsync(local, Token));
    }

    [Fact]
    public async Task A_store_that_never_answers_is_given_up_after_its_time()
    {
        var options = S3Server.Options(Proxy.Address);
        (options.Timeout, options.Tries) = (TimeSpan.FromSeconds(0.2), 2);
        using var store = S3Server.Store(options);
        Proxy.Decide = (_, _) => S3Fault.NoAnswer;

        var error = await Assert.ThrowsAnyAsync<IOException>(() => store.GetLengthAsync($"{_bucket}/x", Token));

        Assert.Contains("no answer within 0.2 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_who_gives_up_is_not_kept_waiting()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Proxy.Decide = (_, _) =>
        {
            cancel.Cancel();
            return S3Fault.NoAnswer;
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutAsync($"{_bucket}/x", new byte[1], cancel.Token));
    }

    [Fact]
    public async Task A_file_that_the_store_fails_to_bring_is_not_called_a_bad_file()
    {
        // Its footer's length points before what opening brings.
        var content = new byte[2_000_000];
        BitConverter.TryWriteBytes(content.AsSpan(content.Length - 8), 1_500_000);
        "PAR1"u8.CopyTo(content.AsSpan(content.Length - 4));
        "PAR1"u8.CopyTo(content);
        await _straight!.PutAsync($"{_bucket}/t/bad.parquet", content, Token);
        await Assert.ThrowsAsync<InvalidDataException>(() => LakeFileReader.OpenAsync(Store, $"{_bucket}/t/bad.parquet", Token));

        Proxy.Decide = (request, _) => request.Headers.Range.ToString().StartsWith("bytes=-", StringComparison.Ordinal) ? S3Fault.None : S3Fault.Unavailable;

        var error = await Assert.ThrowsAnyAsync<IOException>(() => LakeFileReader.OpenAsync(Store, $"{_bucket}/t/bad.parquet", Token));
        Assert.Contains("503 SlowDown", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_lost_doubled_or_mixed_when_a_fifth_of_all_requests_goes_wrong()
    {
        var objects = int.Parse(Environment.GetEnvironmentVariable("IOT_TEST_S3_OBJECTS") ?? "400", CultureInfo.InvariantCulture);
        S3Fault[] faults = [S3Fault.InternalError, S3Fault.Unavailable, S3Fault.Conflict, S3Fault.Reset, S3Fault.LostReply, S3Fault.Slow, S3Fault.HalfBody];
        var (random, gate) = (new Random(20), new Lock());
        Proxy.Decide = (_, _) =>
        {
            lock (gate)
            {
                return random.Next(5) == 0 ? faults[random.Next(faults.Length)] : S3Fault.None;
            }
        };

        await Parallel.ForEachAsync(
            Enumerable.Range(0, objects), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Token },
            async (i, token) => Assert.True(await UntilItWorksAsync(() => Store.TryCreateAsync($"{_bucket}/many/{i:D6}", BitConverter.GetBytes(i), token))));
        var found = await UntilItWorksAsync(() => Store.ListAsync($"{_bucket}/many/", Token).ToListAsync(Token).AsTask());

        Assert.Equal(Enumerable.Range(0, objects).Select(i => $"{_bucket}/many/{i:D6}"), found.Select(o => o.Key));
        foreach (var i in Enumerable.Range(0, objects))
        {
            Assert.Equal(BitConverter.GetBytes(i), await UntilItWorksAsync(() => ReadAsync(Store, $"many/{i:D6}")));
        }

        Assert.True(Proxy.Faults.Count > objects / 4, $"{Proxy.Faults.Count} faults");
    }

    /// <summary>As the pipeline does.</summary>
    private static async Task<T> UntilItWorksAsync<T>(Func<Task<T>> work)
    {
        while (true)
        {
            try
            {
                return await work();
            }
            catch (IOException e) when (e is not FileNotFoundException)
            {
                // Again.
            }
        }
    }

    private async Task<byte[]> ReadAsync(S3LakeStore store, string key)
    {
        await using var stream = await store.OpenReadAsync($"{_bucket}/{key}", Token);
        var bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes, Token);
        return bytes;
    }
}
