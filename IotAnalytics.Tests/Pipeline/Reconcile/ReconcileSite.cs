using System.Globalization;
using System.Text;
using IotAnalytics.Core;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Verification;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Pipeline.Reconcile;
using IotAnalytics.Core.Readings;
using IotAnalytics.Web.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Pipeline.Reconcile;

/// <summary>A plant on the embedded deployment whose database is copied, lost and put back.</summary>
internal sealed class ReconcileSite : IAsyncDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly string _root = Directory.CreateTempSubdirectory("iot-reconcile-").FullName;
    private int _records;

    public ReconcileSite() => Folder = Path.Combine(_root, "data");

    public string Folder { get; }

    /// <summary>Settings of hosts and of the reconciliation.</summary>
    public Dictionary<string, string?> Settings { get; } = new() { ["Lake:PublishInterval"] = "01:00:00" };

    /// <summary>Records posted so far.</summary>
    public int Records => _records;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Database => Path.Combine(Folder, "analytics.db");

    public Task<PipelineHost> StartAsync(Action<IServiceCollection>? customize = null) => PipelineHost.StartAsync(
        Folder, Settings, (services, token) => services.GetRequiredService<ModelRegistry>().EnsureBootstrapAsync(services.GetRequiredService<ProfileCatalog>(), token),
        builder => customize?.Invoke(builder.Services), Token);

    /// <summary>A host that takes records and stops in order: everything is cut and published.</summary>
    public async Task RunAsync(int records, Func<PipelineHost, Task>? before = null, Action<IServiceCollection>? customize = null)
    {
        await using var host = await StartAsync(customize);
        await PostAsync(host, records);
        if (before is not null)
        {
            await before(host);
        }

        await host.StopAsync(Token);
    }

    /// <summary>Posts records of 10 readings: some anomalous, a doubled one, one that cannot be read; waits until T1 and T1' have them.</summary>
    public async Task PostAsync(PipelineHost host, int records)
    {
        for (var end = _records + records; _records < end; _records++)
        {
            var body = new StringBuilder();
            for (var item = 0; item < 10; item++)
            {
                var isHot = (_records + item) % 9 == 0;
                body.Append(item == 7 && _records % 3 == 0 ? "{\"sensor_id\":\"broken\n" : Reading(_records, item == 5 ? 4 : item, isHot));
            }

            var result = await host.Ingestor.IngestAsync(Encoding.UTF8.GetBytes(body.ToString()), idempotencyKey: null, recordTimeFromEvents: true, Token);
            Assert.Equal(IngestKind.Accepted, result.Kind);
        }

        await WaitAsync(() => host.Monitor.Partitions is { Count: > 0 } all && all.Sum(p => p.RollupOffset) == all.Sum(p => p.FastOffset)
            && (all.Count > 1 ? host.Monitor.Totals.Readings >= records * 10 : all[0].RollupOffset >= _records));
    }

    public static async Task WaitAsync(Func<bool> isTrue)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (!isTrue())
        {
            await Task.Delay(10, limit.Token);
        }
    }

    /// <summary>Copies the database, also beside a running host.</summary>
    public string Dump(string name)
    {
        var copy = Path.Combine(_root, name);
        File.Delete(copy);
        using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        using var command = new SqliteCommand($"VACUUM INTO '{copy}'", connection);
        command.ExecuteNonQuery();
        return copy;
    }

    /// <summary>The database is lost, and there is no copy.</summary>
    public void DeleteDatabase()
    {
        SqliteConnection.ClearAllPools();
        foreach (var file in Directory.EnumerateFiles(Folder, "analytics.db*"))
        {
            File.Delete(file);
        }
    }

    /// <summary>Puts a copy in the place of the database.</summary>
    public void Restore(string copy)
    {
        DeleteDatabase();
        File.Copy(copy, Database);
    }

    /// <summary>The lake's folder as it is now, to be put back by <see cref="RestoreLake"/>.</summary>
    public string CopyLake(string name)
    {
        Copy(Path.Combine(Folder, "lake"), Path.Combine(_root, name));
        return Path.Combine(_root, name);
    }

    public void RestoreLake(string copy)
    {
        Directory.Delete(Path.Combine(Folder, "lake"), recursive: true);
        Copy(copy, Path.Combine(Folder, "lake"));
    }

    public async Task<IReadOnlyList<string>> ReconcileAsync(Action<string>? progress = null, Action<IServiceCollection>? customize = null)
    {
        await using var services = Services(customize);
        return await services.GetRequiredService<LakeReconciler>().RunAsync(progress ?? (_ => { }), Token);
    }

    public async Task<IReadOnlyList<string>> VerifyAsync()
    {
        await using var services = Services();
        return (await services.GetRequiredService<LakeVerifier>().VerifyAsync((_, _) => { }, Token)).Findings;
    }

    /// <summary>What a database says of readings, sensors and files, one line a row; what no rebuild can know is left out.</summary>
    public List<string> Rows(string? copy = null)
    {
        using var connection = new SqliteConnection($"Data Source={copy ?? Database};Mode=ReadOnly;Pooling=False");
        connection.Open();
        var lines = new List<string>();
        foreach (var (what, sql) in RebuiltRows.Queries)
        {
            using var command = new SqliteCommand(sql, connection);
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                lines.Add($"{what}: {string.Join(" | ", Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture)))}");
            }
        }

        return lines;
    }

    public ServiceProvider Services(Action<IServiceCollection>? customize = null)
    {
        var configuration = SettingsFile.Load(Settings, out _);
        var services = new ServiceCollection();
        services.AddLogging().AddSingleton(TimeProvider.System).AddSingleton(new DataDirectory(Folder));
        services.AddPersistence(configuration).AddReadings(configuration).AddCommitLog(configuration).AddLake(configuration).AddIngestion(configuration).AddModeling(configuration)
            .AddPipeline(configuration).AddReconciliation();
        customize?.Invoke(services);
        return services.BuildServiceProvider();
    }

    public ValueTask DisposeAsync()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_root, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static string Reading(int record, int item, bool isHot) => string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"sensor_id\":\"s{item}\",\"timestamp\":\"{Start.AddSeconds((record * 10) + item):yyyy-MM-ddTHH:mm:ssZ}\",\"temperature\":{(isHot ? 95 + item : 20 + (item * 0.3))},\"humidity\":{(isHot ? 5 : 50) + (item * 0.1):F1}}}\n");

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
