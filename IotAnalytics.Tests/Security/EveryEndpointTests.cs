using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Security;

/// <summary>Every operation of the OpenAPI document, and every route beside it, with every scope and every kind of key.</summary>
public sealed partial class EveryEndpointTests(ScopedHost fixture) : IClassFixture<ScopedHost>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_table_of_scopes_has_every_operation_of_the_OpenAPI_document_and_every_route()
    {
        var documented = (await OperationsAsync()).Select(o => o.Operation).ToHashSet();
        var routed = fixture.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().SelectMany(Operations).ToHashSet();

        Assert.DoesNotContain(documented, o => !ScopeTable.Expected.ContainsKey(o));
        Assert.DoesNotContain(routed, o => !ScopeTable.Expected.ContainsKey(o));
        Assert.DoesNotContain(ScopeTable.Expected.Keys, o => !routed.Contains(o));
        Assert.Equal(documented.Order(), ScopeTable.Expected.Keys.Where(o => o.Contains("/api/v1/", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public void Every_route_names_its_scope_or_says_that_it_is_open()
    {
        var silent = fixture.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<RequiredScope>() is null && e.Metadata.GetMetadata<IAllowAnonymous>() is null)
            .Select(e => e.RoutePattern.RawText);

        Assert.Empty(silent);
    }

    [Fact]
    public async Task The_OpenAPI_document_says_which_scopes_an_operation_takes()
    {
        foreach (var (operation, description) in await OperationsAsync())
        {
            var scopes = string.Join(", ", ScopeTable.Allows[ScopeTable.Expected[operation]].Select(s => $"`{s}`"));
            Assert.True(description.EndsWith($"Scope: {scopes}.", StringComparison.Ordinal), $"{operation}: {description}");
        }
    }

    public static IEnumerable<TheoryDataRow<string>> Guarded() =>
        ScopeTable.Expected.Where(e => e.Value != ScopeTable.Open).Select(e => new TheoryDataRow<string>(e.Key));

    [Theory]
    [MemberData(nameof(Guarded))]
    public async Task Without_a_good_key_it_answers_401(string operation)
    {
        await AssertAsync(operation, null, HttpStatusCode.Unauthorized, "key_required", "no key");
        await AssertAsync(operation, "iot_0000000000000000000000000000000000000000000", HttpStatusCode.Unauthorized, "invalid_key", "an unknown key");
        await AssertAsync(operation, "", HttpStatusCode.Unauthorized, "invalid_key", "an empty key");
        foreach (var scope in ScopeTable.Scopes)
        {
            await AssertAsync(operation, fixture.Expired[scope], HttpStatusCode.Unauthorized, "invalid_key", $"an expired key, {scope}");
            await AssertAsync(operation, fixture.Revoked[scope], HttpStatusCode.Unauthorized, "invalid_key", $"a revoked key, {scope}");
        }
    }

    [Theory]
    [MemberData(nameof(Guarded))]
    public async Task With_a_good_key_the_scope_decides(string operation)
    {
        var needed = ScopeTable.Expected[operation];
        foreach (var scope in ScopeTable.Scopes)
        {
            using var answer = await SendAsync(operation, fixture.Good[scope]);
            if (ScopeTable.Allows[needed].Contains(scope))
            {
                Assert.False(answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, $"{operation} as {scope}: {answer.StatusCode}");
                Assert.True((int)answer.StatusCode < 500, $"{operation} as {scope}: {answer.StatusCode}");
                continue;
            }

            Assert.True(answer.StatusCode == HttpStatusCode.Forbidden, $"{operation} as {scope}: {answer.StatusCode}");
            var problem = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Cancel));
            Assert.Equal("forbidden", problem.GetProperty("code").GetString());
            Assert.Contains($"needs the scope '{needed}'; yours is '{scope}'", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
            var error = problem.GetProperty("errors")[0];
            Assert.Equal(scope, error.GetProperty("value").GetString());
            Assert.Equal(string.Join(", ", ScopeTable.Allows[needed]), error.GetProperty("accepted").GetString());
        }
    }

    [Theory]
    [MemberData(nameof(Guarded))]
    public async Task A_session_may_what_its_key_may(string operation)
    {
        if (!operation.StartsWith("GET", StringComparison.Ordinal))
        {
            return;
        }

        foreach (var scope in ScopeTable.Scopes.Where(s => s != "device"))
        {
            var cookie = await fixture.LogInAsync(fixture.Good[scope]);
            Assert.NotNull(cookie);

            using var answer = await fixture.SendAsync("GET", PathOf(operation), null, null, ("Cookie", cookie));

            var isAllowed = ScopeTable.Allows[ScopeTable.Expected[operation]].Contains(scope);
            Assert.True(isAllowed == answer.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden), $"{operation} as {scope}: {answer.StatusCode}");
        }
    }

    public static IEnumerable<TheoryDataRow<string>> Unmapped() => ScopeTable.Fallback.Select(o => new TheoryDataRow<string>(o));

    [Theory]
    [MemberData(nameof(Unmapped))]
    public async Task What_is_no_endpoint_is_the_administrators(string operation)
    {
        await AssertAsync(operation, null, HttpStatusCode.Unauthorized, "key_required", "no key");
        foreach (var scope in ScopeTable.Scopes)
        {
            using var answer = await SendAsync(operation, fixture.Good[scope]);
            Assert.True((scope == "administrator") == answer.StatusCode is not HttpStatusCode.Forbidden, $"{operation} as {scope}: {answer.StatusCode}");
            Assert.NotEqual(HttpStatusCode.Unauthorized, answer.StatusCode);
        }
    }

    public static IEnumerable<TheoryDataRow<string>> Opened() =>
        ScopeTable.Expected.Where(e => e.Value == ScopeTable.Open).Select(e => new TheoryDataRow<string>(e.Key));

    [Theory]
    [MemberData(nameof(Opened))]
    public async Task What_is_open_asks_for_no_key(string operation)
    {
        using var answer = await SendAsync(operation, null);

        var body = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.DoesNotContain("\"code\":\"key_required\"", body, StringComparison.Ordinal);
        Assert.NotEqual(HttpStatusCode.Forbidden, answer.StatusCode);

        // The login page is the answer 401 by itself.
        Assert.True(answer.StatusCode != HttpStatusCode.Unauthorized || operation == "GET /login", $"{operation}: {answer.StatusCode}");
    }

    [Fact]
    public async Task A_devices_key_opens_no_pages() => Assert.Null(await fixture.LogInAsync(fixture.Good["device"]));

    private async Task AssertAsync(string operation, string? key, HttpStatusCode expected, string code, string what)
    {
        using var answer = await SendAsync(operation, key);

        Assert.True(expected == answer.StatusCode, $"{operation} with {what}: {answer.StatusCode}");
        Assert.Contains($"\"code\":\"{code}\"", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    /// <summary>With parameters filled in, and a body that does nothing.</summary>
    private Task<HttpResponseMessage> SendAsync(string operation, string? key)
    {
        var method = operation.Split(' ')[0].Replace("*", "GET", StringComparison.Ordinal);
        return fixture.SendAsync(method, PathOf(operation), key, method is "POST" or "PUT" ? new StringContent("{}", Encoding.UTF8, "application/json") : null);
    }

    private static string PathOf(string operation) => Parameter().Replace(operation.Split(' ')[1], m => m.Value switch
    {
        "{key_id}" => "999999",
        "{id}" => "0-0-0-0",
        "{name}" when operation.Contains("/page/", StringComparison.Ordinal) => "page.css",
        _ => "nothing",
    });

    private async Task<List<(string Operation, string Description)>> OperationsAsync()
    {
        using var answer = await fixture.SendAsync("GET", "/swagger/v1/swagger.json", fixture.Good["administrator"]);
        var document = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Cancel));
        return [.. document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(o =>
            ($"{o.Name.ToUpperInvariant()} {path.Name}", o.Value.GetProperty("description").GetString()!)))];
    }

    private static IEnumerable<string> Operations(RouteEndpoint endpoint)
    {
        // Constraints and the leading parts of a catch-all are no part of the name.
        var route = Constraint().Replace(endpoint.RoutePattern.RawText!, "$1}").TrimEnd('/');
        route = route.Replace("/{**path}", "", StringComparison.Ordinal);
        route = route.StartsWith('/') ? route : "/" + route;
        var methods = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [];
        return methods.Count == 0 ? [$"* {route}"] : methods.Select(m => $"{m} {route}");
    }

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"(\{[a-z_]+):.*\}")]
    private static partial Regex Constraint();
}
