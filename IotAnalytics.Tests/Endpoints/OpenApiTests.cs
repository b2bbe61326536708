using System.Text.Json;
using IotAnalytics.Tests.Architecture;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Endpoints;

public sealed class OpenApiTests
{
    private const string Rewrite = "IOT_TEST_WRITE_OPENAPI";

    [Fact]
    public async Task The_committed_document_is_the_one_that_the_host_serves()
    {
        await using var host = await TestHost.StartAsync();
        var path = Path.Combine(SourceTree.Root, "docs", "openapi.json");
        var served = (await host.Client.GetStringAsync("/swagger/v1/swagger.json", TestContext.Current.CancellationToken)).ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable(Rewrite) == "1")
        {
            await File.WriteAllTextAsync(path, served, TestContext.Current.CancellationToken);
        }

        var committed = (await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).ReplaceLineEndings("\n");

        Assert.True(committed == served, $"docs/openapi.json differs from /swagger/v1/swagger.json. If the change is meant: {Rewrite}=1 dotnet test, look at the difference, commit it.");
    }

    [Fact]
    public async Task Every_operation_has_a_summary_and_says_what_it_answers()
    {
        await using var host = await TestHost.StartAsync();
        var document = JsonSerializer.Deserialize<JsonElement>(await host.Client.GetStringAsync("/swagger/v1/swagger.json", TestContext.Current.CancellationToken));

        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                Assert.True(operation.Value.TryGetProperty("summary", out _), $"{operation.Name} {path.Name} has no summary");
                Assert.True(operation.Value.GetProperty("responses").EnumerateObject().Any(r => r.Name.StartsWith('2')), $"{operation.Name} {path.Name} names no success");
            }
        }
    }
}
