namespace IotAnalytics.Tests.Fixtures;

/// <summary>A host shared by the tests of one class, which must not mind one another: no rate limit, at most 50 readings a request.</summary>
public sealed class SharedHost : IAsyncLifetime
{
    private TestHost? _host;

    internal TestHost Host => _host!;

    public async ValueTask InitializeAsync() => _host = await TestHost.StartAsync(("Limits:RequestsPerMinutePerKey", "0"), ("Limits:MaxReadingsPerRequest", "50"));

    public ValueTask DisposeAsync() => _host?.DisposeAsync() ?? ValueTask.CompletedTask;
}
