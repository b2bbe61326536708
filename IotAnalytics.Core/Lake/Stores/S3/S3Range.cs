using System.Globalization;
using System.Net;
using Amazon.S3.Model;

namespace IotAnalytics.Core.Lake.Stores.S3;

/// <summary>What an answer to a range says of the whole.</summary>
internal static class S3Range
{
    /// <exception cref="IOException">The server does not serve ranges as it should.</exception>
    public static long TotalLength(GetObjectResponse response, string key)
    {
        // Some servers answer 200 where the range is the whole.
        if (response.HttpStatusCode == HttpStatusCode.OK && response.ContentLength <= S3ReadStream.TailBytes)
        {
            return response.ContentLength;
        }

        var slash = response.ContentRange?.LastIndexOf('/') ?? -1;
        return slash > 0 && long.TryParse(response.ContentRange.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var total)
            ? total
            : throw new IOException($"the server does not serve a range of {key}");
    }
}
