using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Stores;
using IotAnalytics.Core.Lake.Stores.S3;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Commands;
using IotAnalytics.Web.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Tests.Lake.S3;

public sealed class S3OptionsTests : IDisposable
{
    private const string Secret = "a-secret-that-nobody-may-read";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Addresses_may_be_written_in_every_form()
    {
        await using var app = Build(
            ("Lake:Provider", "S3"), ("Lake:Bronze", "s3://plant-bronze/sensor-readings/"), ("Lake:Silver", "s3://plant-silver/normal/readings"), ("Lake:Gold", "plant-gold/anomalies"),
            ("Lake:System", "plant-bronze/_system/"), ("Lake:S3:ServiceUrl", "http://127.0.0.1:7070"), ("Lake:S3:AccessKeyId", "plant"), ("Lake:S3:SecretAccessKey", Secret));
        var options = app.Services.GetRequiredService<IOptions<LakeOptions>>().Value;

        Assert.Equal("plant-bronze/sensor-readings plant-silver/normal/readings plant-gold/anomalies plant-bronze/_system", $"{options.Bronze} {options.Silver} {options.Gold} {options.System}");
        Assert.IsType<S3LakeStore>(app.Services.GetRequiredService<ILakeStore>());
    }

    [Fact]
    public async Task A_folder_stays_a_folder_and_nothing_of_S3_is_looked_at()
    {
        await using var app = Build(("Lake:Bronze", "Bronze/readings/"), ("Lake:S3:AccessKeyId", "half-a-pair"));

        Assert.IsType<FileSystemLakeStore>(app.Services.GetRequiredService<ILakeStore>());
        Assert.Equal("Bronze/readings", app.Services.GetRequiredService<IOptions<LakeOptions>>().Value.Bronze);
    }

    [Theory]
    [InlineData("Lake:S3:ServiceUrl", "versitygw:7070", "Lake:S3:ServiceUrl: accepted http:// or https://")]
    [InlineData("Lake:S3:ServiceUrl", "http://me:secret-in-a-url@versitygw", "Lake:S3:ServiceUrl: accepted")]
    [InlineData("Lake:S3:ServiceUrl", "http://versitygw/path", "Lake:S3:ServiceUrl: accepted")]
    [InlineData("Lake:S3:Timeout", "0", "Lake:S3:Timeout = '0': accepted 00:00:00.1")]
    [InlineData("Lake:S3:Tries", "0", "Lake:S3:Tries = '0': accepted 1 to 20")]
    [InlineData("Lake:S3:ForcePathStyle", "perhaps", "Lake:S3:ForcePathStyle = 'perhaps': accepted true or false")]
    [InlineData("Lake:S3:SecretKey", Secret, "Lake:S3:SecretKey: there is no such option")]
    [InlineData("Lake:S3:AccessKeyId", "", "accepted both, or none")]
    [InlineData("Lake:S3:SecretAccessKey", "minioadmin", "Lake:S3:SecretAccessKey: it is a published default")]
    [InlineData("Lake:S3:SecretAccessKey", "PlantKey", "Lake:S3:SecretAccessKey: it is the name that it belongs to")]
    [InlineData("Lake:S3:SecretAccessKey", "short", "Lake:S3:SecretAccessKey: it is shorter than 8")]
    [InlineData("Lake:Gold", "s3://Gold/anomalies", "Lake:Gold 'Gold/anomalies': accepted a bucket")]
    [InlineData("Lake:Gold", "gold", "Lake:Gold 'gold': accepted a prefix after the bucket")]
    [InlineData("Lake:Gold", "s3://silver/normal-readings/gold", "lies inside Lake:Silver")]
    public void A_mistake_is_told_with_what_is_accepted_and_no_secret(string key, string value, string message)
    {
        var settings = new Dictionary<string, string>
        {
            ["Lake:Provider"] = "S3",
            ["Lake:S3:ServiceUrl"] = "http://127.0.0.1:7070",
            ["Lake:S3:AccessKeyId"] = "plantkey",
            ["Lake:S3:SecretAccessKey"] = Secret,
            [key] = value,
        };

        var refused = Assert.Throws<CommandException>(() => Build([.. settings.Select(s => (s.Key, s.Value))]));

        Assert.Equal(CommandLine.BadInput, refused.ExitCode);
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("minioadmin", refused.Message, StringComparison.Ordinal);
        Assert.Equal(2, refused.Message.Split('\n').Length);
    }

    [Fact]
    public void An_address_without_the_provider_for_it_is_refused()
    {
        var refused = Assert.Throws<CommandException>(() => Build(("Lake:Gold", "s3://gold/anomalies")));

        Assert.Contains("Lake:Gold 's3://gold/anomalies': an address of S3 needs Lake:Provider S3.", refused.Message, StringComparison.Ordinal);
    }

    private Microsoft.AspNetCore.Builder.WebApplication Build(params (string Key, string Value)[] settings) => AnalyticsHost.Build(TestHost.Settings(_folder.Path, settings));
}
