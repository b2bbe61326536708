using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Commands;
using IotAnalytics.Web.Hosting;

namespace IotAnalytics.Tests.Security;

public sealed class KnownSecretTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-secrets-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("Host=localhost;Username=iot;Password=postgres", "a published default")]
    [InlineData("Host=db;Username=iot;Password=ChangeMe", "a published default")]
    [InlineData("Host=db;User Id=plant-iot;Pwd=plant-iot", "the name that it belongs to")]
    [InlineData("Host=db;Username=iot;Password=kurz77", "shorter than 8")]
    public void A_database_password_that_everybody_knows_is_refused(string connection, string expected)
    {
        var message = Refused(("Database:Provider", "PostgreSql"), ("ConnectionStrings:Analytics", connection));

        Assert.Contains("ConnectionStrings:Analytics, Password: it is " + expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain(connection[(connection.LastIndexOf('=') + 1)..], message.Replace("PostgreSql", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sasl.password")]
    [InlineData("sasl_password")]
    public void A_Kafka_password_that_everybody_knows_is_refused(string property)
    {
        var message = Refused(
            ("CommitLog:Provider", "Kafka"), ("CommitLog:Kafka:BootstrapServers", "k:9092"),
            ("CommitLog:Kafka:Client:sasl.username", "admin"), ($"CommitLog:Kafka:Client:{property}", "admin-secret"));

        Assert.Contains($"CommitLog:Kafka:Client:{property}: it is a published default", message, StringComparison.Ordinal);
        Assert.DoesNotContain("admin-secret", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=localhost;Username=postgres")]
    [InlineData("Host=db;Username=iot;Password=Xk7-fqB2-99sd")]
    public async Task A_password_of_ones_own_and_none_at_all_are_accepted(string connection)
    {
        await using var app = AnalyticsHost.Build(TestHost.Settings(_folder, ("Database:Provider", "PostgreSql"), ("ConnectionStrings:Analytics", connection)));

        Assert.NotNull(app);
    }

    [Fact]
    public async Task What_is_not_used_is_not_judged()
    {
        await using var app = AnalyticsHost.Build(TestHost.Settings(_folder, ("ConnectionStrings:Analytics", "Host=db;Username=iot;Password=postgres")));

        Assert.NotNull(app);
    }

    private string Refused(params (string Key, string Value)[] overrides)
    {
        var refused = Assert.Throws<CommandException>(() => AnalyticsHost.Build(TestHost.Settings(_folder, overrides)));
        Assert.Equal(CommandLine.BadInput, refused.ExitCode);
        return refused.Message;
    }
}
