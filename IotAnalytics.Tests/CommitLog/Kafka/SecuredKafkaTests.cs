using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Readings;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.CommitLog.Kafka;

/// <summary>A real broker that speaks TLS and asks for a password, with the settings as docs/configuration.md spells them.</summary>
public sealed class SecuredKafkaTests : IAsyncLifetime
{
    private const string Password = "only-for-this-test";
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-kafka-tls-").FullName;
    private readonly KafkaBroker _broker;
    private string _servers = "";

    public SecuredKafkaTests()
    {
        _broker = new KafkaBroker { Properties = SecuredBy };
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Authority => Path.Combine(_folder, "ca.pem");

    public async ValueTask InitializeAsync()
    {
        using var authority = Certificate("Test authority", issuer: null);
        using var broker = Certificate("127.0.0.1", authority);
        await File.WriteAllTextAsync(Authority, authority.ExportCertificatePem(), Token);
        await File.WriteAllTextAsync(
            Path.Combine(_folder, "broker.pem"), $"{broker.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem()}\n{broker.ExportCertificatePem()}\n", Token);
        _servers = await _broker.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Readings_go_through_a_broker_with_TLS_and_SASL_and_a_wrong_password_or_authority_is_one_clear_line()
    {
        await using (var host = await StartAsync(Password, Authority))
        {
            var body = Encoding.UTF8.GetBytes($"{{\"sensor_id\":\"s1\",\"timestamp\":{TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()},\"temperature\":21,\"humidity\":50}}");
            var result = await host.Ingestor.IngestAsync(body, idempotencyKey: null, recordTimeFromEvents: false, Token);
            Assert.Equal(IngestKind.Accepted, result.Kind);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
            limit.CancelAfter(TimeSpan.FromSeconds(30));
            while (host.Monitor.Totals.Readings < 1)
            {
                await Task.Delay(20, limit.Token);
            }

            await host.StopAsync(Token);
        }

        var wrongPassword = await Assert.ThrowsAsync<CommitLogException>(() => StartAsync("another", Authority));
        Assert.Contains("Authentication failed", wrongPassword.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', wrongPassword.Message);

        var stranger = Path.Combine(_folder, "stranger.pem");
        using var other = Certificate("Another authority", issuer: null);
        await File.WriteAllTextAsync(stranger, other.ExportCertificatePem(), Token);
        var wrongAuthority = await Assert.ThrowsAsync<CommitLogException>(() => StartAsync(Password, stranger));
        Assert.Contains("certificate verify failed", wrongAuthority.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', wrongAuthority.Message);
    }

    private async Task<PipelineHost> StartAsync(string password, string authority) => await PipelineHost.StartAsync(
        Path.Combine(_folder, "data"),
        new Dictionary<string, string?>
        {
            ["CommitLog:Provider"] = "Kafka",
            ["CommitLog:Kafka:BootstrapServers"] = _servers,
            ["CommitLog:Kafka:CreateTopic"] = "true",
            ["CommitLog:Kafka:Partitions"] = "2",
            ["CommitLog:Kafka:StartTimeout"] = "00:00:04",
            ["CommitLog:Kafka:Client:security_protocol"] = "sasl_ssl",
            ["CommitLog:Kafka:Client:ssl_ca_location"] = authority,
            ["CommitLog:Kafka:Client:sasl_mechanism"] = "PLAIN",
            ["CommitLog:Kafka:Client:sasl_username"] = "iot",
            ["CommitLog:Kafka:Client:sasl_password"] = password,
        },
        (services, token) => services.GetRequiredService<ModelRegistry>().EnsureBootstrapAsync(services.GetRequiredService<ProfileCatalog>(), token),
        customize: null, Token);

    private string SecuredBy(int port) => $"""
        listeners=SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{port + 1}
        advertised.listeners=SASL_SSL://127.0.0.1:{port}
        listener.security.protocol.map=CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL
        inter.broker.listener.name=SASL_SSL
        sasl.enabled.mechanisms=PLAIN
        sasl.mechanism.inter.broker.protocol=PLAIN
        listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="broker" password="{Password}" user_broker="{Password}" user_iot="{Password}";
        ssl.keystore.type=PEM
        ssl.keystore.location={Path.Combine(_folder, "broker.pem")}
        ssl.truststore.type=PEM
        ssl.truststore.location={Authority}
        """;

    private static X509Certificate2 Certificate(string name, X509Certificate2? issuer)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: issuer is null, false, 0, critical: true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var (from, to) = (TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        if (issuer is null)
        {
            return request.CreateSelfSigned(from, to);
        }

        using var signed = request.Create(issuer, issuer.NotBefore, issuer.NotAfter, RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }
}
