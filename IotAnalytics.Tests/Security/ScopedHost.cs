using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Security;
using IotAnalytics.Web.Security.Audit;
using IotAnalytics.Web.Security.Keys;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Security;

/// <summary>A host with a good, an expired and a revoked key of every scope, no limits of rate, and every page that can be switched on.</summary>
public sealed class ScopedHost : IAsyncLifetime
{
    private TestHost? _host;

    internal TestHost Host => _host!;

    /// <summary>By scope.</summary>
    internal Dictionary<string, string> Good { get; } = [];

    internal Dictionary<string, string> Expired { get; } = [];

    internal Dictionary<string, string> Revoked { get; } = [];

    public async ValueTask InitializeAsync()
    {
        _host = await TestHost.StartAsync(
            ("Limits:RequestsPerMinutePerKey", "0"), ("Limits:RefusalsPerMinutePerAddress", "0"), ("Jobs:Dashboard", "true"));
        var registry = Host.Services.GetRequiredService<ApiKeyRegistry>();
        foreach (var scope in ScopeTable.Scopes)
        {
            Good[scope] = (await registry.CreateAsync($"good {scope}", scope, null, Actor.Host, CancellationToken.None)).Secret;
            var (secret, key) = await registry.CreateAsync($"revoked {scope}", scope, null, Actor.Host, CancellationToken.None);
            Assert.Equal(RevocationKind.Revoked, (await registry.RevokeAsync(key.KeyId, Actor.Host, CancellationToken.None)).Kind);
            Revoked[scope] = secret;
            var past = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
            Expired[scope] = (await registry.CreateAsync($"expired {scope}", scope, past, Actor.Host, CancellationToken.None)).Secret;
        }
    }

    public ValueTask DisposeAsync() => _host?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Asks with a key, or none; the body is not waited for.</summary>
    internal async Task<HttpResponseMessage> SendAsync(string method, string path, string? key, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = content };
        if (key is not null)
        {
            request.Headers.Add(ApiKeyHandler.Header, key);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await Host.Anonymous.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    /// <summary>The cookie that a key's login sets, or null when it is refused.</summary>
    internal async Task<string?> LogInAsync(string key)
    {
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("key", key)]);
        using var answer = await Host.Anonymous.PostAsync("/login", form, TestContext.Current.CancellationToken);
        return answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies.Single().Split(';')[0] : null;
    }
}
