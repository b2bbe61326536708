namespace IotAnalytics.Core.Lake.Stores.S3;

/// <summary>A lake key as S3 knows it: the first segment is the bucket, the rest the object.</summary>
internal readonly record struct S3Address(string Bucket, string Object)
{
    /// <exception cref="ArgumentException">It is no key, or names a bucket only.</exception>
    public static S3Address Of(string key)
    {
        LakeKey.Check(key);
        return Split(key);
    }

    /// <exception cref="ArgumentException">It is no prefix, or does not name its bucket to the end.</exception>
    public static S3Address OfPrefix(string prefix)
    {
        LakeKey.CheckPrefix(prefix);
        return Split(prefix);
    }

    private static S3Address Split(string key)
    {
        var slash = key.IndexOf('/');
        return slash > 0 ? new S3Address(key[..slash], key[(slash + 1)..]) : throw new ArgumentException($"'{key}' does not name a bucket and something within it.", nameof(key));
    }
}
