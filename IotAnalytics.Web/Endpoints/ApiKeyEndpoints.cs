using System.Globalization;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Security;
using IotAnalytics.Web.Security.Audit;
using IotAnalytics.Web.Security.Keys;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>GET|POST /api-keys</c> and <c>DELETE /api-keys/{key_id}</c>: who may do what.</summary>
internal static class ApiKeyEndpoints
{
    private static readonly string[] Fields = ["name", "scope", "expires_at"];

    public static void MapApiKeys(this IEndpointRouteBuilder api)
    {
        var keys = api.MapGroup("/api-keys").WithTags("API keys");
        keys.MapGet("", ListAsync).RequireScope(Scopes.Administrator).WithSummary("Keys, newest first, also expired and revoked ones; never their secrets");
        keys.MapPost("", PostAsync).RequireScope(Scopes.Administrator)
            .WithSummary("Make a key; it is shown in this answer and never again")
            .WithDescription($"`scope`: {KeyTerms.AcceptedScope}. Without `expires_at` it does not expire.")
            .WithMetadata(new DescribedBody(typeof(CreateApiKeyRequest)))
            .Produces<CreatedApiKeyResponse>(StatusCodes.Status201Created);
        keys.MapDelete("/{key_id}", DeleteAsync).RequireScope(Scopes.Administrator)
            .WithSummary("Revoke a key, and its sessions, within 5 seconds")
            .WithDescription("A key that is revoked already stays so (204). The last administrator's key that is good is not revoked (409).")
            .Produces(StatusCodes.Status204NoContent);
    }

    private static async Task<Results<Ok<Page<ApiKeyResponse>>, Problem>> ListAsync(
        string? limit, string? cursor, IDbContextFactory<AnalyticsDbContext> contexts, TimeProvider time, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var take = check.Limit(limit);
        var after = check.Numbers(cursor, 1)?[0];
        if (check.Problem is { } problem)
        {
            return problem;
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var keys = after is null ? context.ApiKeys : context.ApiKeys.Where(k => k.KeyId < after);
        var rows = await keys.OrderByDescending(k => k.KeyId).Take(take + 1).ToListAsync(cancellationToken);
        var now = time.GetUtcNow().UtcDateTime;
        return TypedResults.Ok(Page.Of(rows, take, k => ApiKeyResponse.Of(k, now), k => [k.KeyId]));
    }

    private static async Task<IResult> PostAsync(HttpContext context, ApiKeyRegistry registry, TimeProvider time, CancellationToken cancellationToken)
    {
        var check = new QueryCheck();
        var fields = await JsonFields.ReadAsync(context.Request, check, Fields, cancellationToken);
        var name = fields.Text("name", KeyTerms.AcceptedName, isRequired: true);
        if (name is not null && !KeyTerms.IsName(name))
        {
            check.Refuse("name", name, KeyTerms.AcceptedName);
        }

        var scope = check.OneOf("scope", fields.Text("scope", KeyTerms.AcceptedScope, isRequired: true), [.. Scopes.All]);
        var expires = check.Time("expires_at", fields.Text("expires_at", QueryCheck.AcceptedTime, isRequired: false));
        if (expires <= time.GetUtcNow().UtcDateTime)
        {
            check.Refuse("expires_at", expires.Value.ToString("O", CultureInfo.InvariantCulture), "a time in the future, or none");
        }

        if (check.Problem is { } problem)
        {
            return problem;
        }

        var (secret, key) = await registry.CreateAsync(name!, scope!, expires, Actor.Of(context), cancellationToken);
        return TypedResults.Created($"/api/v1/api-keys/{key.KeyId}", new CreatedApiKeyResponse(key.KeyId, secret, key.Name, key.Scope, key.Prefix, key.CreatedAt, key.ExpiresAt));
    }

    private static async Task<IResult> DeleteAsync(HttpContext context, string key_id, ApiKeyRegistry registry, CancellationToken cancellationToken)
    {
        if (!int.TryParse(key_id, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            var check = new QueryCheck();
            check.Refuse("key_id", key_id, "the id of a key, a whole number");
            return check.Problem!;
        }

        var result = await registry.RevokeAsync(id, Actor.Of(context), cancellationToken);
        return result.Kind switch
        {
            RevocationKind.Unknown => new Problem(StatusCodes.Status404NotFound, "api_key_not_found", $"There is no key {id}."),
            RevocationKind.LastAdministrator => new Problem(
                StatusCodes.Status409Conflict, "last_administrator_key", $"Key {id} ('{result.Name}') is the last administrator's key that is good; make another one first."),
            _ => TypedResults.NoContent(),
        };
    }
}

/// <summary>A key to be made.</summary>
/// <param name="Name">For people: 1 to 64 letters, digits, blanks or <c>. _ : @ / -</c>. Need not be unique.</param>
/// <param name="Scope">What it may do.</param>
/// <param name="ExpiresAt">When it ends; null: never.</param>
public sealed record CreateApiKeyRequest(string Name, string Scope, DateTime? ExpiresAt = null);

/// <summary>A new key with its secret.</summary>
/// <param name="Key">The key itself; kept nowhere.</param>
/// <param name="Prefix">Its beginning, by which lists show it.</param>
public sealed record CreatedApiKeyResponse(int Id, string Key, string Name, string Scope, string Prefix, DateTime CreatedAt, DateTime? ExpiresAt);

/// <summary>A key without its secret.</summary>
/// <param name="Prefix">The beginning of the key.</param>
/// <param name="Status"><c>active</c>, <c>expired</c> or <c>revoked</c>.</param>
/// <param name="LastUsedAt">To the minute.</param>
public sealed record ApiKeyResponse(
    int Id, string Name, string Scope, string Prefix, string Status, DateTime CreatedAt, DateTime? ExpiresAt, DateTime? LastUsedAt, DateTime? RevokedAt)
{
    internal static ApiKeyResponse Of(ApiKey key, DateTime now) => new(
        key.KeyId, key.Name, key.Scope, key.Prefix, key.RevokedAt is not null ? "revoked" : key.ExpiresAt <= now ? "expired" : "active",
        key.CreatedAt, key.ExpiresAt, key.LastUsedAt, key.RevokedAt);
}
