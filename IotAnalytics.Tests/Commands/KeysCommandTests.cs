using System.Net;
using System.Text.Json;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Commands;

namespace IotAnalytics.Tests.Commands;

public sealed class KeysCommandTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keys_are_made_shown_and_revoked_beside_a_running_host()
    {
        await using var host = await TestHost.StartAsync();

        var made = await RunAsync("create", "--name", "line 4", "--scope", "viewer", "--expires", "90d", "--data", host.Folder);
        Assert.Equal(0, made.ExitCode);
        var key = made.Output.Trim();
        Assert.StartsWith("iot_", key, StringComparison.Ordinal);
        Assert.Contains("Key 2 'line 4' (viewer, expires ", made.Error, StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/host");
        request.Headers.Add("X-Api-Key", key);
        Assert.Equal(HttpStatusCode.OK, (await host.Anonymous.SendAsync(request, Cancel)).StatusCode);

        var list = await RunAsync("list", "--json", "--data", host.Folder);
        var shown = JsonSerializer.Deserialize<JsonElement>(list.Output)[0];
        Assert.Equal("line 4", shown.GetProperty("name").GetString());
        Assert.Equal("active", shown.GetProperty("status").GetString());
        Assert.DoesNotContain(key[12..], list.Output, StringComparison.Ordinal);

        var revoked = await RunAsync("revoke", "2", "--data", host.Folder);
        Assert.Equal((0, "Key 2 'line 4' is revoked; hosts refuse it within 5 s.\n"), (revoked.ExitCode, revoked.Output.ReplaceLineEndings("\n")));
        Assert.Contains("was revoked already", (await RunAsync("revoke", "2", "--data", host.Folder)).Output, StringComparison.Ordinal);
        Assert.Contains("revoked", (await RunAsync("list", "--data", host.Folder)).Output, StringComparison.Ordinal);

        var audit = await host.Client.GetStringAsync("/api/v1/audit", Cancel);
        Assert.Contains($"\"actor\":\"command line\",\"actor_key_id\":null,\"source\":\"{Environment.UserName}@{Environment.MachineName}\",\"action\":\"api_key_revoked\"", audit, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "--scope = 'root': accepted device, viewer, operator, model_admin, administrator", "create", "--name", "n", "--scope", "root")]
    [InlineData(2, "--name = '': accepted 1 to 64 letters", "create", "--name", "", "--scope", "viewer")]
    [InlineData(2, "--expires = 'soon': accepted days such as 90d", "create", "--name", "n", "--scope", "viewer", "--expires", "soon")]
    [InlineData(2, "--expires = '2020-01-01': accepted", "create", "--name", "n", "--scope", "viewer", "--expires", "2020-01-01")]
    [InlineData(2, "--expires = '2999-01-01T12:00': accepted", "create", "--name", "n", "--scope", "viewer", "--expires", "2999-01-01T12:00")]
    [InlineData(2, "ID = 'x': accepted the id of a key", "revoke", "x")]
    [InlineData(2, "ID = '77': there is no such key", "revoke", "77")]
    [InlineData(1, "key 1 'administrator' is the last administrator's key that is good", "revoke", "1")]
    public async Task Bad_input_is_one_clear_line(int exitCode, string message, params string[] arguments)
    {
        await using var host = await TestHost.StartAsync();

        var refused = await Assert.ThrowsAsync<CommandException>(() => RunAsync([.. arguments, "--data", host.Folder]));

        Assert.Equal(exitCode, refused.ExitCode);
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    [Fact]
    public async Task A_folder_without_a_database_is_refused()
    {
        var empty = Directory.CreateTempSubdirectory("iot-keys-");
        try
        {
            var refused = await Assert.ThrowsAsync<CommandException>(() => RunAsync("list", "--data", empty.FullName));

            Assert.Equal(2, refused.ExitCode);
            Assert.Contains("is not a data folder", refused.Message, StringComparison.Ordinal);
            Assert.Empty(empty.EnumerateFileSystemInfos());
        }
        finally
        {
            empty.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("2999-01-31", "2999-01-31T00:00:00Z")]
    [InlineData("2999-01-31T12:00:00+02:00", "2999-01-31T10:00:00Z")]
    public async Task An_expiry_is_kept_in_UTC(string text, string expected)
    {
        await using var host = await TestHost.StartAsync();

        await RunAsync("create", "--name", "n", "--scope", "device", "--expires", text, "--data", host.Folder);

        Assert.Contains($"\"expires_at\":\"{expected}\"", (await RunAsync("list", "--json", "--data", host.Folder)).Output, StringComparison.Ordinal);
    }

    private static Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments) => CommandRun.RunAsync(KeysCommand.Create(), arguments);
}
