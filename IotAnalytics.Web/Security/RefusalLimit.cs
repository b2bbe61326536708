using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Web.Endpoints;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Web.Security;

/// <summary>
/// How often one address may be refused: two buckets of <c>Limits:RefusalsPerMinutePerAddress</c>, one for wrong keys and links, one for requests without
/// a key. While the first is empty, keys from that address are not tried: a right guess is answered like a wrong one. Keys that were good from
/// there before go on, so that a stranger behind the same proxy does not lock out the plant.
/// </summary>
internal sealed class RefusalLimit : IDisposable
{
    private const int MaxKnown = 10_000;
    private static readonly object Blocked = new();
    private readonly int _perMinute;
    private readonly PartitionedRateLimiter<IPAddress> _guesses;
    private readonly PartitionedRateLimiter<IPAddress> _keyless;
    private readonly ConcurrentDictionary<(IPAddress, int), byte> _known = new();

    public RefusalLimit(IOptions<LimitsOptions> limits)
    {
        _perMinute = limits.Value.RefusalsPerMinutePerAddress;
        _guesses = Limiter();
        _keyless = Limiter();
    }

    /// <summary>Whether a key from this address may be judged.</summary>
    /// <param name="keyId">The key that it would be, or null for none.</param>
    public bool MayTry(HttpContext context, int? keyId)
    {
        var address = Address(context);
        // A whole token: acquiring none of them would be granted for a fraction of one.
        if (_guesses.GetStatistics(address) is not { CurrentAvailablePermits: < 1 } || (keyId is { } id && _known.ContainsKey((address, id))))
        {
            return true;
        }

        context.Items[Blocked] = true;
        return false;
    }

    /// <summary>A key from this address was good.</summary>
    public void Accepted(HttpContext context, int keyId)
    {
        var pair = (Address(context), keyId);
        if (_known.ContainsKey(pair))
        {
            return;
        }

        // Only a convenience is forgotten, and only by whoever has more keys and addresses than fit.
        if (_known.Count >= MaxKnown)
        {
            _known.Clear();
        }

        _known[pair] = 0;
    }

    /// <summary>A key or link from this address was wrong.</summary>
    public void Guessed(HttpContext context) => _guesses.AttemptAcquire(Address(context)).Dispose();

    /// <summary>The answer 429 for a request that is being refused, or null when it may hear the usual one.</summary>
    public Problem? Check(HttpContext context)
    {
        if (context.Items.ContainsKey(Blocked))
        {
            return TooMany();
        }

        if (ApiKeyHandler.IsPresent(context.Request))
        {
            return null;
        }

        using var lease = _keyless.AttemptAcquire(Address(context));
        return lease.IsAcquired ? null : TooMany();
    }

    public Problem TooMany() => new(
        StatusCodes.Status429TooManyRequests, "too_many_refusals",
        "Too many requests without a key, or with a wrong one, came from this address (Limits:RefusalsPerMinutePerAddress).")
    {
        RetryAfter = TimeSpan.FromMinutes(1) / _perMinute,
    };

    public void Dispose()
    {
        _guesses.Dispose();
        _keyless.Dispose();
    }

    private PartitionedRateLimiter<IPAddress> Limiter() => PartitionedRateLimiter.Create<IPAddress, IPAddress>(address => _perMinute == 0
        ? RateLimitPartition.GetNoLimiter(address)
        : RateLimitPartition.GetTokenBucketLimiter(address, _ => TokenBucket.PerMinute(_perMinute)));

    /// <summary>The peer itself, never a header that it sends. Of IPv6 the network: one client has 2^64 addresses.</summary>
    private static IPAddress Address(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
