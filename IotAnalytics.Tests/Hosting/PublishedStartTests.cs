using System.Globalization;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using IotAnalytics.Tests.EndToEnd;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Hosting;

/// <summary>The published program is compiled ahead, with the generic code of its first seconds: what is left for the compiler takes the processors from the first batch.</summary>
public sealed class PublishedStartTests : IDisposable
{
    /// <summary>Some 410 are; without the profiles of IotAnalytics.Web/StartProfile 2,250.</summary>
    private const int MostMethods = 1_000;

    private readonly string _folder = Directory.CreateTempSubdirectory("iot-published-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Few_methods_are_compiled_until_the_first_anomaly_is_listed()
    {
        await using var host = HostProcess.Start(_folder, new Dictionary<string, string>(), program: TestEnvironment.RequirePublished());
        Assert.True(await host.WaitReadyAsync(Token), host.Output);
        using var client = host.CreateClient(_folder);
        var at = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        using var answer = await client.PostAsJsonAsync("/api/v1/readings", new { sensor_id = "probe_001", timestamp = at, temperature = 95.2, humidity = 9.8 }, Token);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Token));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!(await client.GetStringAsync("/api/v1/anomalies?sensor_id=probe_001", limit.Token)).Contains("probe_001", StringComparison.Ordinal))
        {
            await Task.Delay(10, limit.Token);
        }

        var metrics = await client.GetStringAsync("/metrics", Token);
        var compiled = Regex.Match(metrics, @"^dotnet_jit_compiled_methods_total\S* (\d+)", RegexOptions.Multiline);
        Assert.True(compiled.Success, metrics);
        Assert.InRange(int.Parse(compiled.Groups[1].Value, CultureInfo.InvariantCulture), 1, MostMethods);
        Assert.Equal(0, await host.StopAsync());
    }
}
