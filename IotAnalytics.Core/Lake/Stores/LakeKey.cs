namespace IotAnalytics.Core.Lake.Stores;

/// <summary>What a key may look like: segments of <c>[A-Za-z0-9=_.-]</c> divided by <c>/</c>, none empty, none beginning with a dot.</summary>
internal static class LakeKey
{
    public const int MaxLength = 900;

    /// <summary>Whether it can be a key of ours.</summary>
    public static bool IsKey(string key) => key.Length > 0 && IsValid(key, allowTrailingSlash: false);

    /// <exception cref="ArgumentException">The key is not one.</exception>
    public static void Check(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (!IsValid(key, allowTrailingSlash: false))
        {
            throw new ArgumentException($"'{key}' is not a lake key: segments of [A-Za-z0-9=_.-] divided by '/', none empty, none beginning with a dot, at most {MaxLength} characters.", nameof(key));
        }
    }

    /// <summary>A prefix is a key that may be empty or end anywhere.</summary>
    public static void CheckPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.Length > 0 && !IsValid(prefix, allowTrailingSlash: true))
        {
            throw new ArgumentException($"'{prefix}' is not a prefix of a lake key.", nameof(prefix));
        }
    }

    private static bool IsValid(string key, bool allowTrailingSlash)
    {
        if (key.Length > MaxLength || (key[^1] == '/' && !allowTrailingSlash))
        {
            return false;
        }

        var atStart = true;
        foreach (var c in key)
        {
            if (c == '/')
            {
                if (atStart)
                {
                    return false;
                }

                atStart = true;
                continue;
            }

            if (!(char.IsAsciiLetterOrDigit(c) || c is '=' or '_' or '-' || (c == '.' && !atStart)))
            {
                return false;
            }

            atStart = false;
        }

        return true;
    }
}
