using System.Text;
using Amazon.Runtime;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Lake.Stores.S3;

/// <summary>
/// Before anything is written elsewhere: the credentials are not everybody's, each bucket exists, each of the four places can be written, listed,
/// read and deleted, and the store refuses to overwrite when told so. The publication of versions depends on the last.
/// </summary>
internal sealed class S3StoreProbe(
    S3LakeStore store, IOptions<S3StoreOptions> options, IOptions<LakeOptions> lake, ILogger<S3StoreProbe> logger)
{
    // Readers of Delta pass over names that begin with an underscore.
    private const string Folder = "_probe";

    /// <exception cref="IOException">The store cannot be used; the message says why and what is wanted.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await CheckCredentialsAsync().ConfigureAwait(false);
        string[] places = [lake.Value.Bronze, lake.Value.Silver, lake.Value.Gold, lake.Value.System];
        await Task.WhenAll(places.Select(p => p.Split('/')[0]).Distinct(StringComparer.Ordinal).Select(bucket => CheckBucketAsync(bucket, cancellationToken))).ConfigureAwait(false);

        await Task.WhenAll(places.Select(place => CheckPlaceAsync(place, cancellationToken))).ConfigureAwait(false);
        Log.StoreProbed(logger, store.Place, string.Join(", ", places));
    }

    private async Task CheckCredentialsAsync()
    {
        try
        {
            var (accessKeyId, secret) = await S3ClientFactory.CredentialsAsync(options.Value).ConfigureAwait(false);
            if (KnownSecrets.Objection(accessKeyId, secret) is { } objection)
            {
                throw new IOException($"the S3 secret cannot be used: {objection}.");
            }
        }
        catch (AmazonClientException e)
        {
            throw new IOException("there are no S3 credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or another source of the AWS chain.", e);
        }
    }

    private async Task CheckBucketAsync(string bucket, CancellationToken cancellationToken)
    {
        if (await store.BucketExistsAsync(bucket, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        if (!options.Value.CreateBuckets)
        {
            throw new IOException($"there is no S3 bucket '{bucket}'{store.Place}: make it, or set Lake:S3:CreateBuckets=true.");
        }

        await store.CreateBucketAsync(bucket, cancellationToken).ConfigureAwait(false);
        Log.BucketCreated(logger, bucket, store.Place);
    }

    private async Task CheckPlaceAsync(string place, CancellationToken cancellationToken)
    {
        var key = $"{place}/{Folder}/{Guid.NewGuid():N}";
        var (first, second) = (Encoding.UTF8.GetBytes("first"), Encoding.UTF8.GetBytes("second"));
        if (!await store.TryCreateAsync(key, first, cancellationToken).ConfigureAwait(false))
        {
            throw new IOException($"S3 place {place}{store.Place}: an object that nobody else can have written has other content.");
        }

        try
        {
            if (await store.TryCreateAsync(key, second, cancellationToken).ConfigureAwait(false))
            {
                throw new IOException(
                    $"S3 place {place}{store.Place}: the store overwrites an object although told not to (If-None-Match: *). Versions cannot be published safely there; use a store that honours it.");
            }

            var isListed = false;
            await foreach (var entry in store.ListAsync(key, cancellationToken).ConfigureAwait(false))
            {
                isListed |= entry.Key == key && entry.Length == first.Length;
            }

            if (!isListed)
            {
                throw new IOException($"S3 place {place}{store.Place}: an object that was just written is not listed.");
            }
        }
        finally
        {
            await store.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
        }
    }
}
