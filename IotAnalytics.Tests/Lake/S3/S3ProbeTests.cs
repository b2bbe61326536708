using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Stores.S3;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Commands;
using IotAnalytics.Web.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Tests.Lake.S3;

/// <summary>What is looked at before a host starts.</summary>
public sealed class S3ProbeTests(S3Server server) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_good_store_passes_and_keeps_nothing()
    {
        var (endpoint, bucket) = (await server.RequireAsync(), await server.NewBucketAsync());

        await ProbeAsync(S3Server.Options(endpoint), bucket);

        using var store = S3Server.Store(S3Server.Options(endpoint));
        Assert.Empty(await store.ListAsync($"{bucket}/", Token).ToListAsync(Token));
    }

    [Fact]
    public async Task A_missing_bucket_is_refused_until_it_may_be_made()
    {
        var (options, bucket) = (S3Server.Options(await server.RequireAsync()), S3Server.NewBucketName());

        var error = await Assert.ThrowsAnyAsync<IOException>(() => ProbeAsync(options, bucket));
        Assert.Equal($"there is no S3 bucket '{bucket}' at {options.ServiceUrl}: make it, or set Lake:S3:CreateBuckets=true.", error.Message);

        options.CreateBuckets = true;
        await ProbeAsync(options, bucket);
        options.CreateBuckets = false;
        await ProbeAsync(options, bucket);
    }

    [Fact]
    public async Task A_store_that_overwrites_although_told_not_to_is_refused()
    {
        await using var proxy = await S3FaultProxy.StartAsync(await server.RequireAsync());
        var bucket = await server.NewBucketAsync();
        proxy.Decide = (_, _) => S3Fault.Overwrites;

        var error = await Assert.ThrowsAnyAsync<IOException>(() => ProbeAsync(S3Server.Options(proxy.Address), bucket));

        Assert.Contains("If-None-Match", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public async Task A_wrong_secret_is_told_as_such()
    {
        var (options, bucket) = (S3Server.Options(await server.RequireAsync()), await server.NewBucketAsync());
        options.SecretAccessKey = "not-the-real-one";

        var error = await Assert.ThrowsAnyAsync<IOException>(() => ProbeAsync(options, bucket));

        Assert.Equal($"S3 HEAD {bucket} at {options.ServiceUrl}: 403 Forbidden: the key or its secret is wrong, or it may not do this", error.Message);
    }

    [Fact]
    public async Task A_secret_that_everybody_knows_is_refused_wherever_it_comes_from()
    {
        var (endpoint, bucket) = (await server.RequireAsync(), await server.NewBucketAsync());
        var options = S3Server.Options(endpoint);
        options.SecretAccessKey = "minioadmin";

        var error = await Assert.ThrowsAnyAsync<IOException>(() => ProbeAsync(options, bucket));

        Assert.Contains("published default", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("minioadmin", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_probe_outlives_single_faults()
    {
        await using var proxy = await S3FaultProxy.StartAsync(await server.RequireAsync());
        var bucket = await server.NewBucketAsync();
        proxy.FailFirst(S3Fault.LostReply);

        await ProbeAsync(S3Server.Options(proxy.Address), bucket);
    }

    [Fact]
    public async Task A_host_whose_bucket_is_missing_ends_with_one_line_and_code_1_before_it_touches_anything()
    {
        var settings = S3Server.Settings(await server.RequireAsync(), S3Server.NewBucketName());
        settings["Lake:S3:CreateBuckets"] = "false";
        await using var app = AnalyticsHost.Build(TestHost.Settings(_folder.Path, [.. settings.Select(s => (s.Key, s.Value!))]));

        var refused = await Assert.ThrowsAsync<CommandException>(() => HostRun.StartAsync(app, Token));

        Assert.Equal(CommandLine.Failed, refused.ExitCode);
        Assert.StartsWith("cannot start: there is no S3 bucket", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.False(File.Exists(_folder.Combine("log.db")));
    }

    [Fact]
    public async Task A_host_whose_store_is_away_says_where_it_looked()
    {
        var proxy = await S3FaultProxy.StartAsync(await server.RequireAsync());
        var settings = S3Server.Settings(proxy.Address, S3Server.NewBucketName());
        await proxy.DisposeAsync();
        await using var app = AnalyticsHost.Build(TestHost.Settings(_folder.Path, [.. settings.Select(s => (s.Key, s.Value!))]));

        var refused = await Assert.ThrowsAsync<CommandException>(() => HostRun.StartAsync(app, Token));

        Assert.Equal(CommandLine.Failed, refused.ExitCode);
        Assert.Contains(settings["Lake:S3:ServiceUrl"]!, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    private static async Task ProbeAsync(S3StoreOptions options, string bucket)
    {
        using var store = S3Server.Store(options);
        var lake = new LakeOptions { Provider = "S3", Bronze = $"{bucket}/bronze", Silver = $"{bucket}/silver", Gold = $"{bucket}/gold", System = $"{bucket}/_system" };
        await new S3StoreProbe(store, Options.Create(options), Options.Create(lake), NullLogger<S3StoreProbe>.Instance).CheckAsync(Token);
    }
}
