namespace IotAnalytics.Core.Lake;

/// <summary>The ways to write where the tables lie, brought into one: <c>bucket/prefix</c>.</summary>
internal static class LakePlaces
{
    /// <summary>The provider whose places may be addresses.</summary>
    public const string S3 = "S3";

    public const string Scheme = "s3://";

    public static void Normalize(LakeOptions options)
    {
        options.Bronze = Normalize(options.Provider, options.Bronze);
        options.Silver = Normalize(options.Provider, options.Silver);
        options.Gold = Normalize(options.Provider, options.Gold);
        options.System = Normalize(options.Provider, options.System);
    }

    private static string Normalize(string provider, string place) =>
        (provider == S3 && place.StartsWith(Scheme, StringComparison.Ordinal) ? place[Scheme.Length..] : place).TrimEnd('/');
}
