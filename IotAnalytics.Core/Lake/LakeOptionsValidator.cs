using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Lake;

/// <summary>No table may lie inside another: readers would find foreign files in it.</summary>
internal sealed class LakeOptionsValidator : IValidateOptions<LakeOptions>
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

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
