using System.Globalization;
using System.Security.Cryptography;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Readings;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Pipeline;

/// <summary>
/// The sensor table as it was at an offset, kept in the store under <c>&lt;system&gt;/state/</c>: with it a restart runs on exactly as if it
/// had never stopped. Named by the claim's epoch, so a fenced worker can only write an object that nobody will read.
/// </summary>
internal sealed class SavedState(ILakeStore store, IOptions<LakeOptions> options)
{
    private const int DaysKept = 14;

    public string KeyOf(PartitionClaim claim, long nextOffset) => string.Create(
        CultureInfo.InvariantCulture, $"{options.Value.System}/state/{claim.SourceId}-{claim.Partition}-{nextOffset}-{claim.OwnerEpoch}.bin");

    public static byte[] Capture(SensorTable sensors)
    {
        using var stream = new MemoryStream();
        sensors.Save(stream);
        return stream.ToArray();
    }

    public static string HashOf(byte[] state) => Convert.ToHexStringLower(SHA256.HashData(state));

    public Task PutAsync(string key, byte[] state, CancellationToken cancellationToken) => store.PutAsync(key, state, cancellationToken);

    /// <summary>The table of a claim's lake offset; empty where nothing was ever saved.</summary>
    public async Task<SensorTable> LoadAsync(PartitionClaim claim, ProfileCatalog catalog, CancellationToken cancellationToken)
    {
        if (claim.StateObject is null)
        {
            return new SensorTable(catalog);
        }

        var bytes = await ReadAsync(claim.StateObject, cancellationToken).ConfigureAwait(false);
        return HashOf(bytes) == claim.StateSha256
            ? SensorTable.Load(new MemoryStream(bytes), catalog)
            : throw new InvalidDataException($"The saved state {claim.StateObject} does not have the hash that the database knows.");
    }

    /// <exception cref="FileNotFoundException">There is no such object.</exception>
    public async Task<byte[]> ReadAsync(string key, CancellationToken cancellationToken)
    {
        await using var stream = await store.OpenReadAsync(key, cancellationToken).ConfigureAwait(false);
        var bytes = new byte[stream.Length];
        await stream.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
        return bytes;
    }

    /// <summary>Keeps the two newest states up to the committed offset, and the last one of each of the last 14 days, from which the rows that an old
    /// backup of the database lacks can be made again; deletes the others, and what fenced workers left beyond.</summary>
    public async Task PruneAsync(PartitionClaim claim, long committedOffset, CancellationToken cancellationToken)
    {
        var prefix = string.Create(CultureInfo.InvariantCulture, $"{options.Value.System}/state/{claim.SourceId}-{claim.Partition}-");
        var kept = new List<(long Offset, long Epoch, DateTimeOffset Written, string Key)>();
        var doomed = new List<string>();
        await foreach (var found in store.ListAsync(prefix, cancellationToken).ConfigureAwait(false))
        {
            var parts = found.Key[prefix.Length..].Split('-', '.');
            if (parts is not [var offsetText, var epochText, "bin"]
                || !long.TryParse(offsetText, CultureInfo.InvariantCulture, out var offset)
                || !long.TryParse(epochText, CultureInfo.InvariantCulture, out var epoch))
            {
                continue;
            }

            if (offset <= committedOffset)
            {
                kept.Add((offset, epoch, found.LastModified, found.Key));
            }
            else if (epoch < claim.OwnerEpoch)
            {
                doomed.Add(found.Key);
            }
        }

        var ordered = kept.OrderByDescending(s => s.Offset).ThenByDescending(s => s.Epoch).ToList();
        var daily = ordered.GroupBy(s => s.Written.UtcDateTime.Date).OrderByDescending(day => day.Key).Take(DaysKept).Select(day => day.First().Key);
        doomed.AddRange(ordered.Skip(2).Select(s => s.Key).Except(daily));
        foreach (var key in doomed)
        {
            await store.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
        }
    }
}
