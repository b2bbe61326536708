using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using IotAnalytics.Core.Diagnostics;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Readings;
using IotAnalytics.Web.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.EndToEnd;

public sealed class TracingTests
{
    [Fact]
    public async Task A_listener_sees_a_span_for_each_batch_commit_cut_and_publication()
    {
        var token = TestContext.Current.CancellationToken;
        var folder = Directory.CreateTempSubdirectory("iot-trace-").FullName;
        var spans = new ConcurrentBag<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == IotTracing.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        await using (var host = await PipelineHost.StartAsync(
            folder, new Dictionary<string, string?>(),
            (services, t) => services.GetRequiredService<ModelRegistry>().EnsureBootstrapAsync(services.GetRequiredService<ProfileCatalog>(), t), customize: null, token))
        {
            var body = $"{{\"sensor_id\":\"trace_1\",\"timestamp\":{TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()},\"temperature\":21,\"humidity\":50}}";
            await host.Ingestor.IngestAsync(Encoding.UTF8.GetBytes(body), idempotencyKey: null, recordTimeFromEvents: false, token);
            await host.StopAsync(token);
        }

        Assert.Contains(spans, s => s.OperationName == "micro-batch" && Equals(s.GetTagItem("iot.rows"), 1) && Equals(s.GetTagItem("iot.next_offset"), 1L));
        foreach (var name in (string[])["commit fast", "commit roll-up", "cut", "publish"])
        {
            Assert.Contains(spans, s => s.OperationName == name);
        }

        Directory.Delete(folder, recursive: true);
    }
}
