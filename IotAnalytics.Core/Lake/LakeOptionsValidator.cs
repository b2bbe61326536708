using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Lake;

/// <summary>No table may lie inside another: readers would find foreign files in it. On S3 every place begins with a bucket.</summary>
internal sealed partial class LakeOptionsValidator : IValidateOptions<LakeOptions>
{
    public ValidateOptionsResult Validate(string? name, LakeOptions options)
    {
        (string Key, string Path)[] places = [("Bronze", options.Bronze), ("Silver", options.Silver), ("Gold", options.Gold), ("System", options.System)];
        var failures = new List<string>();
        foreach (var outer in places)
        {
            foreach (var inner in places)
            {
                if (outer.Key != inner.Key && $"{inner.Path}/".StartsWith($"{outer.Path}/", StringComparison.Ordinal)
                    && (inner.Path != outer.Path || string.CompareOrdinal(outer.Key, inner.Key) < 0))
                {
                    failures.Add($"Lake:{inner.Key} '{inner.Path}' lies inside Lake:{outer.Key} '{outer.Path}'; accepted: four places, none inside another.");
                }
            }
        }

        failures.AddRange(places.Select(p => PlaceError(options.Provider, p.Key, p.Path)).OfType<string>());
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static string? PlaceError(string provider, string key, string path) => provider switch
    {
        LakePlaces.S3 when !Bucket().IsMatch(path.Split('/')[0]) =>
            $"Lake:{key} '{path}': accepted a bucket of 3 to 63 of a-z, 0-9, '.' and '-', and a prefix: bucket/prefix or s3://bucket/prefix.",
        LakePlaces.S3 when !path.Contains('/', StringComparison.Ordinal) => $"Lake:{key} '{path}': accepted a prefix after the bucket: bucket/prefix or s3://bucket/prefix.",
        not LakePlaces.S3 when path.StartsWith(LakePlaces.Scheme, StringComparison.Ordinal) => $"Lake:{key} '{path}': an address of S3 needs Lake:Provider S3.",
        _ => null,
    };

    [GeneratedRegex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    private static partial Regex Bucket();
}
