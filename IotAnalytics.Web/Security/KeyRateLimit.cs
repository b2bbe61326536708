using System.Security.Claims;
using System.Threading.RateLimiting;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Web.Endpoints;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Web.Security;

/// <summary>A bucket of tokens for each key: <c>Limits:RequestsPerMinutePerKey</c> at once, refilled evenly; 0 switches it off.</summary>
internal static class KeyRateLimit
{
    public const string Policy = "per-key";

    public static IServiceCollection AddKeyRateLimit(this IServiceCollection services) => services.AddRateLimiter(options =>
    {
        options.OnRejected = (context, _) => new ValueTask(Refusal(context.Lease).ExecuteAsync(context.HttpContext));
        options.AddPolicy(Policy, context =>
        {
            var perMinute = context.RequestServices.GetRequiredService<IOptions<LimitsOptions>>().Value.RequestsPerMinutePerKey;
            var key = context.User.FindFirstValue(SessionCookie.KeyIdClaim) ?? "session";
            return perMinute == 0
                ? RateLimitPartition.GetNoLimiter(key)
                : RateLimitPartition.GetTokenBucketLimiter(key, _ => TokenBucket.PerMinute(perMinute));
        });
    });

    private static Problem Refusal(RateLimitLease lease) => new(
        StatusCodes.Status429TooManyRequests, "too_many_requests", "This key has sent more requests than Limits:RequestsPerMinutePerKey; put more readings into one request.")
    {
        RetryAfter = lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1),
    };
}
