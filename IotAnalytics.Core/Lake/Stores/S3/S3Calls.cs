using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Lake.Stores.S3;

/// <summary>
/// Sends requests: each try within its time, a few tries with growing waits, and one exception for all that went wrong. Every request
/// given to it must be safe to repeat, because a reply may be lost after the server did the work.
/// </summary>
internal sealed class S3Calls(S3StoreOptions options, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    /// <param name="verb">For messages.</param>
    /// <param name="key">For messages.</param>
    /// <param name="bytes">Length of the body in either direction; it prolongs the time of a try by a second per MiB.</param>
    /// <param name="call">One try. A 404 of the object is the caller's affair and must not leave it.</param>
    /// <exception cref="StoreUnavailableException">No try succeeded, or the store refused.</exception>
    public async Task<T> RunAsync<T>(string verb, string key, long bytes, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        var limit = options.Timeout + TimeSpan.FromSeconds(bytes / (1024.0 * 1024.0));
        for (var attempt = 1; ; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var timer = new CancellationTokenSource(limit, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
            Exception failure;
            string reason;
            try
            {
                return await call(either.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && (timer.IsCancellationRequested || IsOfTheStore(e)))
            {
                failure = e;
                reason = timer.IsCancellationRequested ? $"no answer within {limit.TotalSeconds:0.###} s" : Reason(e);
                if (attempt >= options.Tries || !(timer.IsCancellationRequested || IsTransient(e)))
                {
                    throw new StoreUnavailableException($"S3 {verb} {key}{Place}: {reason}{(attempt > 1 ? $" ({attempt} tries)" : "")}", failure);
                }
            }
            catch (Exception e) when (cancellationToken.IsCancellationRequested && e is not OperationCanceledException)
            {
                // Aborted connections surface as other exceptions.
                throw new OperationCanceledException(e.Message, e, cancellationToken);
            }

            LakeMeter.StoreRetries.Add(1, new KeyValuePair<string, object?>("operation", verb));
            Log.StoreRetried(logger, verb, key, reason, attempt);
            await Task.Delay(Delay(attempt), time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Where the store is, for messages.</summary>
    public string Place => options.ServiceUrl.Length > 0 ? $" at {options.ServiceUrl.TrimEnd('/')}" : $" in {options.Region}";

    /// <summary>Half of the step is certain, half by lot, so that hosts that failed together do not come back together.</summary>
    public TimeSpan Delay(int attempt)
    {
        var step = Math.Min(options.RetryDelay.TotalMilliseconds * Math.Pow(2, attempt - 1), LongestDelay.TotalMilliseconds);
        return TimeSpan.FromMilliseconds((step / 2) + (step / 2 * RandomNumberGenerator.GetInt32(1001) / 1000));
    }

    private static bool IsOfTheStore(Exception e) =>
        e is AmazonServiceException or AmazonClientException or HttpErrorResponseException or HttpRequestException or IOException or SocketException or TimeoutException or OperationCanceledException or WebException;

    // 409 is a conflict of two writes under way; 2xx with an exception is a broken reply. A file of ours that fails is not the store's fault.
    private static bool IsTransient(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => false,
        AmazonServiceException s => s.StatusCode is 0 or HttpStatusCode.RequestTimeout or HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests
            || ((int)s.StatusCode >= 500 && s.StatusCode != HttpStatusCode.NotImplemented) || (int)s.StatusCode < 300
            || s.ErrorCode is "RequestTimeout" or "RequestTimeTooSkewed" or "SlowDown" or "OperationAborted",
        AmazonClientException c => c.InnerException is not null && IsTransient(c.InnerException),
        _ => true,
    };

    private static string Reason(Exception e) => e switch
    {
        // The answer to a HEAD has no body that would say more.
        AmazonServiceException { StatusCode: HttpStatusCode.Forbidden, ErrorCode: null or "" or "Forbidden" } => "403 Forbidden: the key or its secret is wrong, or it may not do this",
        AmazonServiceException { StatusCode: not 0 } s =>
            $"{(int)s.StatusCode} {(string.IsNullOrEmpty(s.ErrorCode) ? s.StatusCode.ToString() : s.ErrorCode)}: {OneLine(s.Message)}",
        { InnerException: { } inner } when e is AmazonServiceException or HttpRequestException => $"{OneLine(e.Message)} ({OneLine(inner.Message)})",
        _ => OneLine(e.Message),
    };

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim();
}
