using System.Net;
using System.Security.Authentication;

namespace IotAnalytics.Web.Hosting;

/// <summary>Where the host listens: <c>Kestrel:Endpoints</c>, else <c>Urls</c>, loopback by default.</summary>
internal static class HostListener
{
    public const string Key = "Urls";
    private const string EndpointsKey = "Kestrel:Endpoints";
    private const string DefaultCertificateKey = "Kestrel:Certificates:Default";
    private const string Default = "http://127.0.0.1:8080";
    private const string AcceptedAddress = "http://address:port or https://address:port";

    /// <summary>Bodies of everything but readings, which bound themselves, bytes.</summary>
    private const long MaxOtherBodyBytes = 1024 * 1024;

    public static void Configure(WebApplicationBuilder builder)
    {
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel((context, kestrel) =>
        {
            kestrel.ConfigureHttpsDefaults(https => https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13);
            kestrel.Configure(context.Configuration.GetSection("Kestrel"), reloadOnChange: false);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxOtherBodyBytes;
        });
        // Kestrel would warn of addresses that its endpoints override.
        builder.WebHost.UseUrls(Endpoints(builder.Configuration).Count > 0 ? "" : string.Join(';', Addresses(builder.Configuration)));
    }

    /// <summary>What is wrong with the addresses and with the certificates of those that are https.</summary>
    public static IEnumerable<string> Errors(IConfiguration configuration)
    {
        var hasDefault = configuration.GetSection(DefaultCertificateKey).Exists();
        if (hasDefault && CertificateCheck.Objection(configuration.GetSection(DefaultCertificateKey)) is { } unusable)
        {
            yield return unusable;
        }

        var endpoints = Endpoints(configuration);
        foreach (var address in endpoints.Count > 0 ? [] : Addresses(configuration))
        {
            if (Parse(address) is not { } parsed)
            {
                yield return $"{Key} = '{address}': accepted {AcceptedAddress}, several separated by ';'";
            }
            else if (parsed.Scheme == Uri.UriSchemeHttps && !hasDefault)
            {
                yield return $"{Key} = '{address}': https needs a certificate; accepted with {DefaultCertificateKey}:Path and Password, or KeyPath";
            }
        }

        foreach (var endpoint in endpoints)
        {
            if (Parse(endpoint["Url"] ?? "") is not { } parsed)
            {
                yield return $"{endpoint.Path}:Url = '{endpoint["Url"]}': accepted {AcceptedAddress}";
            }
            else if (endpoint.GetSection("Certificate") is var own && own.Exists())
            {
                if (CertificateCheck.Objection(own) is { } objection)
                {
                    yield return objection;
                }
            }
            else if (parsed.Scheme == Uri.UriSchemeHttps && !hasDefault && !endpoint.GetSection("Sni").Exists())
            {
                yield return $"{endpoint.Path}: https needs a certificate; accepted with Certificate:Path and Password or KeyPath, here or in {DefaultCertificateKey}";
            }
        }
    }

    /// <summary>Where a program on this machine finds the host.</summary>
    public static string OnThisMachine(IConfiguration configuration)
    {
        var endpoints = Endpoints(configuration);
        return OnThisMachine(endpoints.Count > 0 ? endpoints[0]["Url"] ?? Default : Addresses(configuration).FirstOrDefault() ?? Default);
    }

    /// <summary>An address that listens on every interface answers on loopback too.</summary>
    public static string OnThisMachine(string address) =>
        Parse(address) is { Host: "+" or "*" or "0.0.0.0" or "[::]" } any ? $"{any.Scheme}://127.0.0.1:{any.Port}" : address;

    /// <summary>Addresses that other machines reach and that are not encrypted.</summary>
    public static IEnumerable<string> PlainAddresses(IConfiguration configuration)
    {
        var endpoints = Endpoints(configuration);
        var addresses = endpoints.Count > 0 ? endpoints.Select(e => e["Url"] ?? "") : Addresses(configuration);
        return addresses.Where(a => Parse(a) is { } parsed && parsed.Scheme == Uri.UriSchemeHttp && !IsLocal(parsed.Host));
    }

    private static bool IsLocal(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.StartsWith("unix:", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private static BindingAddress? Parse(string text)
    {
        try
        {
            var address = BindingAddress.Parse(text);
            return address.Scheme is "http" or "https" && address.Port is >= 0 and <= 65_535 && address.PathBase.Length == 0 ? address : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static List<IConfigurationSection> Endpoints(IConfiguration configuration) => [.. configuration.GetSection(EndpointsKey).GetChildren()];

    private static string[] Addresses(IConfiguration configuration) =>
        (configuration[Key] ?? Default).Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
