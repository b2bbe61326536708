using System.Threading.RateLimiting;

namespace IotAnalytics.Web.Security;

/// <summary>So many a minute: all at once, then refilled evenly.</summary>
internal static class TokenBucket
{
    private const int SecondsPerMinute = 60;

    public static TokenBucketRateLimiterOptions PerMinute(int count)
    {
        // About once a second for the larger ones, and still exactly the count in a minute.
        var tokens = Math.Max(1, count / SecondsPerMinute);
        return new TokenBucketRateLimiterOptions
        {
            TokenLimit = count,
            TokensPerPeriod = tokens,
            ReplenishmentPeriod = TimeSpan.FromMinutes(1) * tokens / count,
            QueueLimit = 0,
        };
    }
}
