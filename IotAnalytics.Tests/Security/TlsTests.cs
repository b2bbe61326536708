using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Commands;
using IotAnalytics.Web.Hosting;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Tests.Security;

public sealed class TlsTests : IDisposable
{
    private const string Password = "a password of this test";
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-tls-").FullName;
    private readonly X509Certificate2 _certificate = SelfSigned();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _certificate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task An_endpoint_with_a_certificate_serves_https_and_tells_browsers_to_stay_there()
    {
        await using var host = await TestHost.StartAsync(
            ("Kestrel:Endpoints:Https:Url", "https://127.0.0.1:0"),
            ("Kestrel:Endpoints:Https:Certificate:Path", Pfx()), ("Kestrel:Endpoints:Https:Certificate:Password", Password));
        using var client = Client(host);

        using var answer = await client.GetAsync("/api/v1/host", Cancel);
        var body = await answer.Content.ReadAsStringAsync(Cancel);
        using var login = await client.GetAsync($"/login?token={host.Services.GetRequiredService<LoginLinks>().Create()}", Cancel);

        Assert.Equal("https", host.Address.Scheme);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains($"\"addresses\":[\"https://127.0.0.1:{host.Address.Port}\"]", body, StringComparison.Ordinal);
        Assert.Equal("max-age=31536000", answer.Headers.GetValues("Strict-Transport-Security").Single());
        Assert.Contains("; secure", login.Headers.GetValues("Set-Cookie").Single(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task PEM_files_and_a_default_certificate_for_Urls_work_as_well()
    {
        var (file, key) = (Path.Combine(_folder, "host.pem"), Path.Combine(_folder, "host.key"));
        await File.WriteAllTextAsync(file, _certificate.ExportCertificatePem(), Cancel);
        await File.WriteAllTextAsync(key, _certificate.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem(), Cancel);
        await using var host = await TestHost.StartAsync(
            ("Urls", "https://127.0.0.1:0"), ("Kestrel:Certificates:Default:Path", file), ("Kestrel:Certificates:Default:KeyPath", key));
        using var client = Client(host);

        using var answer = await client.GetAsync("/api/v1/host", Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Without_TLS_no_browser_is_told_to_use_it()
    {
        await using var host = await TestHost.StartAsync();

        using var answer = await host.Client.GetAsync("/api/v1/host", Cancel);

        Assert.False(answer.Headers.Contains("Strict-Transport-Security"));
    }

    [Theory]
    [InlineData("nowhere.pfx", Password, "Kestrel:Endpoints:Https:Certificate:Path = 'nowhere.pfx': there is no such file")]
    [InlineData("", "", "Kestrel:Endpoints:Https: https needs a certificate")]
    [InlineData("host.pfx", "the wrong password", "it cannot be opened, or not with this Password")]
    [InlineData("host.crt", "", "it has no private key")]
    public void A_certificate_that_cannot_be_used_ends_the_start_with_one_line(string file, string password, string expected)
    {
        File.WriteAllBytes(Path.Combine(_folder, "host.crt"), _certificate.Export(X509ContentType.Cert));
        Pfx();
        var path = file.StartsWith("host", StringComparison.Ordinal) ? Path.Combine(_folder, file) : file;
        var settings = new List<(string, string)> { ("Kestrel:Endpoints:Https:Url", "https://127.0.0.1:0") };
        if (path.Length > 0)
        {
            settings.Add(("Kestrel:Endpoints:Https:Certificate:Path", path));
            settings.Add(("Kestrel:Endpoints:Https:Certificate:Password", password));
        }

        var refused = Assert.Throws<CommandException>(() => AnalyticsHost.Build(TestHost.Settings(Path.Combine(_folder, "data"), [.. settings])));

        Assert.Equal(CommandLine.BadInput, refused.ExitCode);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.True(password.Length == 0 || !refused.Message.Contains(password, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Urls", "https://127.0.0.1:0", "Urls = 'https://127.0.0.1:0': https needs a certificate")]
    [InlineData("Kestrel:Endpoints:Http:Url", "ftp://nowhere", "Kestrel:Endpoints:Http:Url = 'ftp://nowhere': accepted http://address:port")]
    public void Addresses_are_checked_before_anything_listens(string key, string value, string expected)
    {
        var refused = Assert.Throws<CommandException>(() => AnalyticsHost.Build(TestHost.Settings(Path.Combine(_folder, "data"), (key, value))));

        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0", true)]
    [InlineData("http://*:0", true)]
    [InlineData("http://127.0.0.1:0", false)]
    [InlineData("http://[::1]:0", false)]
    [InlineData("http://localhost:5123", false)]
    public async Task Listening_beyond_this_machine_without_TLS_is_warned_of_once(string url, bool isWarned)
    {
        var warnings = new Warnings();

        await using var app = AnalyticsHost.Build(TestHost.Settings(_folder, ("Urls", url)), builder => Only(builder, warnings));

        Assert.Equal(isWarned ? 1 : 0, warnings.Lines.Count);
        Assert.All(warnings.Lines, line => Assert.StartsWith($"Other machines reach {url} without TLS", line, StringComparison.Ordinal));
    }

    private static void Only(WebApplicationBuilder builder, Warnings warnings)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(warnings);
    }

    private string Pfx()
    {
        var path = Path.Combine(_folder, "host.pfx");
        File.WriteAllBytes(path, _certificate.Export(X509ContentType.Pkcs12, Password));
        return path;
    }

    /// <summary>Trusts this one certificate and no other.</summary>
    private HttpClient Client(TestHost host)
    {
        var handler = new SocketsHttpHandler { UseCookies = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == _certificate.GetCertHashString();
        var client = new HttpClient(handler) { BaseAddress = host.Address };
        client.DefaultRequestHeaders.Add(ApiKeyHandler.Header, host.Key);
        return client;
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    private sealed class Warnings : ILoggerProvider, ILogger
    {
        public List<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                Lines.Add(formatter(state, exception));
            }
        }

        public void Dispose()
        {
        }
    }
}
