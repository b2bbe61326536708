using System.Globalization;
using System.Text;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Core.Lake.Upkeep;
using IotAnalytics.Core.Lake.Verification;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Readings;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Tests.Lake;
using IotAnalytics.Tests.Lake.S3;
using IotAnalytics.Web.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.EndToEnd;

/// <summary>Embedded log and database, the lake on a real S3 server.</summary>
public sealed class S3PipelineTests(S3Server server) : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-s3-pipeline-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Readings_come_to_S3_over_two_runs_and_everybody_counts_the_same()
    {
        var endpoint = await server.RequireAsync();
        var settings = S3Server.Settings(endpoint, S3Server.NewBucketName());
        await RunAsync(settings, firstRecord: 0, records: 30);
        await RunAsync(settings, firstRecord: 30, records: 30, async host =>
        {
            Assert.Empty((await host.Services.GetRequiredService<LakeVerifier>().VerifyAsync((_, _) => { }, Token)).Findings);
            var page = await host.Services.GetRequiredService<SensorReadingsQuery>()
                .ReadAsync("s3", Start, Start.AddDays(1), limit: 100, cursor: null, Token);
            Assert.Equal(30, page.Items.Count);
        });

        var (bronze, silver, gold) = (await ReadAsync("Bronze"), await ReadAsync("Silver"), await ReadAsync("Gold"));
        Assert.Equal(60, bronze.Rows());
        Assert.Equal(600, silver.Rows() + gold.Rows());
        Assert.True(gold.Rows() > 0);
        Assert.False(Directory.Exists(Path.Combine(_folder, "lake")), "something was written to the local lake");
        Assert.Empty(Directory.GetFiles(Path.Combine(_folder, "spool")));

        Task<System.Text.Json.JsonElement> ReadAsync(string table)
        {
            var place = settings[$"Lake:{table}"]!.TrimEnd('/');
            return DeltaRead.TableAsync(place.StartsWith("s3://", StringComparison.Ordinal) ? place : $"s3://{place}", S3Server.ForOthers(endpoint));
        }
    }

    [Fact]
    public async Task Compaction_and_vacuum_leave_a_sound_lake_that_delta_rs_reads()
    {
        var endpoint = await server.RequireAsync();
        var settings = S3Server.Settings(endpoint, S3Server.NewBucketName());
        settings["Lake:VacuumAfter"] = "00:00:00";
        settings["Lake:CheckpointEvery"] = "2";
        for (var run = 0; run < 3; run++)
        {
            await RunAsync(settings, firstRecord: run * 10, records: 10);
        }

        var normal = 0L;
        await RunAsync(settings, firstRecord: 30, records: 0, async host =>
        {
            Assert.True((await host.Services.GetRequiredService<LakeCompactor>().CompactAsync(Token)).FilesBefore >= 3);
            Assert.True((await host.Services.GetRequiredService<LakeVacuum>().VacuumAsync(Token)).DeletedFiles >= 3);
            var result = await host.Services.GetRequiredService<LakeVerifier>().VerifyAsync((_, _) => { }, Token);
            Assert.Empty(result.Findings);
            Assert.Equal(300, result.SilverRows + result.GoldRows);
            normal = result.SilverRows;
        });

        var silver = await DeltaRead.TableAsync($"s3://{settings["Lake:Silver"]![5..]}", S3Server.ForOthers(endpoint));
        Assert.Equal(normal, silver.Rows());
        Assert.Equal(1, silver.Files());
    }

    [Fact]
    public async Task A_store_that_goes_away_and_comes_back_loses_and_doubles_nothing()
    {
        await using var proxy = await S3FaultProxy.StartAsync(await server.RequireAsync());
        var settings = S3Server.Settings(proxy.Address, S3Server.NewBucketName());
        settings["Lake:CutAge"] = "00:00:00.1";
        settings["Lake:PublishInterval"] = "00:00:00.1";
        S3Fault[] faults = [S3Fault.LostReply, S3Fault.Reset, S3Fault.InternalError, S3Fault.Conflict];
        var (random, gate, isAway) = (new Random(9), new Lock(), false);
        proxy.Decide = (_, _) =>
        {
            lock (gate)
            {
                return isAway ? S3Fault.Unavailable : random.Next(5) == 0 ? faults[random.Next(faults.Length)] : S3Fault.None;
            }
        };

        await RunAsync(settings, firstRecord: 0, records: 0, async host =>
        {
            await PostAsync(host, firstRecord: 0, records: 20);
            await WaitAsync(host, () => host.Monitor.Partitions[0].LakeOffset >= 20, "the first cuts came to the lake");
            isAway = true;
            await PostAsync(host, firstRecord: 20, records: 20);
            await WaitAsync(host, () => host.Monitor.Totals.Readings >= 400, "readings were scored while the store was away");
            var before = proxy.Faults.Count;
            await WaitAsync(host, () => proxy.Faults.Count > before + 8, "cuts were tried in vain");
            isAway = false;
            await WaitAsync(host, () => host.Monitor.Partitions[0].LakeOffset >= 40, "the cuts came to the lake afterwards");
        });
        proxy.Decide = (_, _) => S3Fault.None;

        await RunAsync(settings, firstRecord: 40, records: 0, async host =>
        {
            var result = await host.Services.GetRequiredService<LakeVerifier>().VerifyAsync((_, _) => { }, Token);
            Assert.Empty(result.Findings);
            Assert.Equal(400, result.BronzeItems);
            Assert.Equal(400, result.SilverRows + result.GoldRows);
        });
    }

    private async Task RunAsync(Dictionary<string, string?> settings, int firstRecord, int records, Func<PipelineHost, Task>? look = null)
    {
        settings.TryAdd("Lake:PublishInterval", "01:00:00");
        await using var host = await PipelineHost.StartAsync(
            _folder, settings,
            (services, token) => services.GetRequiredService<ModelRegistry>().EnsureBootstrapAsync(services.GetRequiredService<ProfileCatalog>(), token),
            customize: null, Token);
        if (look is not null)
        {
            await look(host);
        }

        await PostAsync(host, firstRecord, records);
        await WaitAsync(host, () => host.Monitor.Totals.Readings >= records * 10, "the readings were scored");
        await host.StopAsync(Token);
    }

    private static async Task WaitAsync(PipelineHost host, Func<bool> isDone, string what)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (!isDone())
        {
            Assert.False(limit.IsCancellationRequested, $"not within a minute: {what}; {host.Monitor.Impediment}");
            await Task.Delay(10, CancellationToken.None);
        }
    }

    private static async Task PostAsync(PipelineHost host, int firstRecord, int records)
    {
        for (var record = firstRecord; record < firstRecord + records; record++)
        {
            var body = new StringBuilder();
            for (var item = 0; item < 10; item++)
            {
                var isAnomaly = (record + item) % 9 == 0;
                body.Append(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{{\"sensor_id\":\"s{item}\",\"timestamp\":\"{Start.AddSeconds((record * 10) + item):yyyy-MM-ddTHH:mm:ssZ}\",\"temperature\":{(isAnomaly ? 95 + item : 20 + (item * 0.3))},\"humidity\":{(isAnomaly ? 5 : 50)}}}\n"));
            }

            var result = await host.Ingestor.IngestAsync(Encoding.UTF8.GetBytes(body.ToString()), idempotencyKey: null, recordTimeFromEvents: true, Token);
            Assert.Equal(IngestKind.Accepted, result.Kind);
        }
    }
}
