using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Commands;
using IotAnalytics.Web.Hosting;

namespace IotAnalytics.Tests.Hosting;

public sealed class ConfigurationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-configuration-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void All_mistakes_are_told_at_once_with_key_value_and_what_is_accepted()
    {
        var refused = Refused(
            ("Lake:CutAge", "0"), ("Lake:CutRowz", "5"), ("Pipeline:LateAfter", "soon"), ("Nonsense", "1"), ("Urls", "nowhere"), ("Database:Provider", "Oracle"),
            ("CommitLog:Provider", "Rabbit"), ("CommitLog:Kafka:ReplicationFactor", "0"));

        Assert.Equal(CommandLine.BadInput, refused.ExitCode);
        Assert.Contains("Lake:CutAge = '0': accepted 00:00:00.1", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Lake:CutRowz: there is no such option; did you mean CutRows?", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Pipeline:LateAfter = 'soon': accepted a duration", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Nonsense: there is no such option", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Urls = 'nowhere': accepted http://address:port", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Database:Provider = 'Oracle': accepted Sqlite", refused.Message, StringComparison.Ordinal);
        Assert.Contains("CommitLog:Provider = 'Rabbit': accepted Embedded, Kafka", refused.Message, StringComparison.Ordinal);
        Assert.Contains("CommitLog:Kafka:ReplicationFactor = '0': accepted anything but 0", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_mistake_is_told_once()
    {
        var refused = Refused(("Lake:CutAge", "0"));

        Assert.Single(refused.Message.Split('\n'), line => line.Contains("CutAge", StringComparison.Ordinal));
    }

    [Fact]
    public void A_refused_configuration_leaves_no_trace_on_the_disk()
    {
        Refused(("Lake:CutAge", "0"));

        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void A_data_directory_that_cannot_be_made_is_one_clear_line()
    {
        var file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");

        var refused = Assert.Throws<CommandException>(() => AnalyticsHost.Build(TestHost.Settings(Path.Combine(file, "data"))));

        Assert.Equal(CommandLine.Failed, refused.ExitCode);
        Assert.StartsWith("DataDirectory = '", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public async Task A_new_data_directory_belongs_to_its_owner_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no such modes");
            return;
        }

        var data = Path.Combine(_folder, "data");

        await using var app = AnalyticsHost.Build(TestHost.Settings(data));

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(data));
    }

    [Fact]
    public async Task A_port_in_use_is_one_clear_line()
    {
        await using var first = await TestHost.StartAsync();
        await using var second = AnalyticsHost.Build(TestHost.Settings(_folder, ("Urls", first.Address.ToString())));

        var refused = await Assert.ThrowsAsync<CommandException>(() => HostRun.StartAsync(second, TestContext.Current.CancellationToken));

        Assert.Equal(CommandLine.Failed, refused.ExitCode);
        Assert.Contains("address already in use", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stray", "neither a verb nor an option")]
    [InlineData("--Lake:CutRows", "has no value")]
    public void Arguments_that_set_nothing_are_refused(string argument, string reason)
    {
        var refused = Assert.Throws<CommandException>(() => OverrideArguments.Parse([argument]));

        Assert.Equal(CommandLine.BadInput, refused.ExitCode);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Both_forms_of_an_option_are_understood()
    {
        var overrides = OverrideArguments.Parse(["--Lake:CutRows=5", "--DataDirectory", "somewhere"]);

        Assert.Equal("5", overrides["Lake:CutRows"]);
        Assert.Equal("somewhere", overrides["DataDirectory"]);
    }

    private CommandException Refused(params (string Key, string Value)[] overrides) =>
        Assert.Throws<CommandException>(() => AnalyticsHost.Build(TestHost.Settings(_folder, overrides)));
}
