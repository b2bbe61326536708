namespace IotAnalytics.Web.Hosting;

/// <summary>Where the host listens: <c>Urls</c>, loopback by default.</summary>
internal static class HostListener
{
    public const string Key = "Urls";
    private const string Default = "http://127.0.0.1:8080";

    /// <summary>Bodies of everything but readings, which bound themselves, bytes.</summary>
    private const long MaxOtherBodyBytes = 1024 * 1024;

    public static void Configure(WebApplicationBuilder builder)
    {
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel((context, kestrel) =>
        {
            kestrel.Configure(context.Configuration.GetSection("Kestrel"), reloadOnChange: false);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxOtherBodyBytes;
        });
        builder.WebHost.UseUrls(Addresses(builder.Configuration));
    }

    public static IEnumerable<string> Errors(IConfiguration configuration) => Addresses(configuration)
        .Where(a => !IsAddress(a))
        .Select(a => $"{Key} = '{a}': accepted http://address:port or https://address:port, several separated by ';'");

    private static bool IsAddress(string text)
    {
        try
        {
            var address = BindingAddress.Parse(text);
            return address.Scheme is "http" or "https" && address.Port is >= 0 and <= 65_535 && address.PathBase.Length == 0;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static string[] Addresses(IConfiguration configuration) =>
        (configuration[Key] ?? Default).Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
