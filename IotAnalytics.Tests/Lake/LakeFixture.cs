using IotAnalytics.Core;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Core.Lake.Stores;
using IotAnalytics.Core.Lake.Upkeep;
using IotAnalytics.Core.Lake.Verification;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Persistence.Sqlite;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Roles;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace IotAnalytics.Tests.Lake;

/// <summary>A lake in a temporary folder with a real database, and a stand-in for the pipeline that makes and commits cuts.</summary>
internal sealed class LakeFixture : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ContextFactory _contexts;

    private LakeFixture(LakeOptions options, DateTimeOffset now)
    {
        Options = options;
        DataDirectory = new DataDirectory(_folder.Path);
        var connection = SqliteDatabase.ConnectionString(DataDirectory.Combine("analytics.db"));
        _contexts = new ContextFactory(connection);
        Writer = new SqliteWriter(connection);
        Reader = new SqliteReader(connection);
        Store = new FaultyLakeStore(new FileSystemLakeStore(DataDirectory.Combine("lake")));
        Spool = new LakeSpool(DataDirectory.Combine("spool"), long.MaxValue);
        Tables = new LakeTables(options);
        Time = new FakeTimeProvider(now);
    }

    public LakeOptions Options { get; }
    public DataDirectory DataDirectory { get; }
    public DatabaseWriter Writer { get; }

    public DatabaseReader Reader { get; }
    public FaultyLakeStore Store { get; }
    public LakeSpool Spool { get; }
    public LakeTables Tables { get; }
    public FakeTimeProvider Time { get; }
    public IDbContextFactory<AnalyticsDbContext> Contexts => _contexts;
    public IOptions<LakeOptions> Configured => Microsoft.Extensions.Options.Options.Create(Options);
    public DeltaCheckpointer Checkpointer => new(Store, Reader, Writer, Configured, Time, NullLogger<DeltaCheckpointer>.Instance);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<LakeFixture> CreateAsync(LakeOptions? options = null, DateTimeOffset? now = null)
    {
        var fixture = new LakeFixture(options ?? new LakeOptions(), now ?? new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero));
        await using var context = fixture.Contexts.CreateDbContext();
        await context.Database.MigrateAsync(Token);
        return fixture;
    }

    /// <summary>A publisher as a fresh process would have it.</summary>
    public DeltaPublisher NewPublisher(ProfileCatalog? catalog = null) => new(
        Store, Reader, Writer, Checkpointer, catalog ?? LakeTestData.MakeCatalog("humidity", "temperature"), Configured, Time, NullLogger<DeltaPublisher>.Instance);

    public HostRoles Roles => new(
        Writer, Microsoft.Extensions.Options.Options.Create(new DatabaseOptions()), HostIdentity.OfThisProcess(), Time, NullLogger<HostRoles>.Instance);

    public LakeVerifier Verifier => new(Store, Contexts, Configured);

    public LakeCompactor Compactor => new(Store, Writer, Contexts, NewPublisher(), Spool, Configured, Time, NullLogger<LakeCompactor>.Instance);

    public LakeVacuum Vacuum => new(Store, Writer, Contexts, NewPublisher(), Checkpointer, Configured, Time, NullLogger<LakeVacuum>.Instance);

    public SensorReadingsQuery Readings => new(Store, Contexts, Configured);

    public LakeTablesQuery TablesQuery => new(Contexts, NewPublisher(), Configured);

    /// <summary>The totals that T1 would have written for what the data holds.</summary>
    public Task CommitTotalsAsync(LakeTestData data, int source = 1, int partition = 0)
    {
        var (normal, anomalies) = (data.Rows.Count(r => !r.IsAnomaly), data.Rows.Count(r => r.IsAnomaly));
        return SqlAsync($"""
            INSERT INTO pipeline_minute (profile, bucket_start, source_id, partition, readings, normal, anomalies, dead_letters, duplicates, not_scored, late, score_sum)
            VALUES ('climate', 0, {source}, {partition}, {normal + anomalies + data.DeadLetters + data.Duplicates}, {normal}, {anomalies}, {data.DeadLetters}, {data.Duplicates}, 0, 0, 0)
            """);
    }

    public async Task<IReadOnlyList<string>> FindingsAsync() => (await Verifier.VerifyAsync((_, _) => { }, Token)).Findings;

    /// <summary>Cuts the batches, uploads and commits them as T2 does.</summary>
    public async Task<SealedCut> CommitCutAsync(LakeTestData data, int records = 20, int items = 5, int source = 1, int partition = 0, double anomalies = 0.1, bool others = true)
    {
        await using var context = await Contexts.CreateDbContextAsync(Token);
        var row = await context.StreamPartitions.SingleOrDefaultAsync(p => p.SourceId == source && p.Partition == partition, Token);
        var first = row?.LakeOffset ?? 0;
        var cutContext = new LakeCutContext(source, partition, 1, data.Catalog, Options, Spool, new LakeEncoders(), 64 << 20);
        await using var cut = new LakeCut(cutContext, first);
        await cut.AddAsync(data.NextBatch(records, items, anomalies, others ? 0.1 : 0), data.Sensors, data.Models, Token);
        var done = await cut.SealAsync(Token);
        await done.UploadAsync(Store, Token);
        await CommitAsync(done, source, partition);
        return done;
    }

    public Task CommitAsync(SealedCut done, int source = 1, int partition = 0) => Writer.WriteAsync(
        transaction =>
        {
            using var command = transaction.Connection!.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = $"""
                INSERT INTO stream_partition (source_id, partition, owner_epoch, fast_offset, rollup_offset, lake_offset)
                VALUES ({source}, {partition}, 1, {done.NextOffset}, {done.NextOffset}, {done.NextOffset})
                ON CONFLICT DO UPDATE SET fast_offset = {done.NextOffset}, rollup_offset = {done.NextOffset}, lake_offset = {done.NextOffset}
                """;
            command.ExecuteNonQuery();
            foreach (var file in done.Files)
            {
                LakeFileSql.Insert(transaction, file);
            }
        },
        Token);

    public Task SqlAsync(string sql) => Writer.WriteAsync(
        transaction =>
        {
            using var command = transaction.Connection!.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = sql;
            command.ExecuteNonQuery();
        },
        Token);

    public string Folder(LakeTable table) => DataDirectory.Combine($"lake/{table.Root}");

    public Task<DeltaSnapshot> SnapshotAsync(LakeTable table) => new DeltaLog(Store).LoadAsync(table, Token);

    public async Task<string[]> KeysAsync(string prefix)
    {
        var keys = new List<string>();
        await foreach (var entry in Store.ListAsync(prefix, Token))
        {
            keys.Add(entry.Key);
        }

        return [.. keys];
    }

    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    private sealed class ContextFactory(string connection) : IDbContextFactory<AnalyticsDbContext>
    {
        private readonly DbContextOptions<SqliteAnalyticsDbContext> _options = new DbContextOptionsBuilder<SqliteAnalyticsDbContext>()
            .UseSqlite(connection).UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking).Options;

        public AnalyticsDbContext CreateDbContext() => new SqliteAnalyticsDbContext(_options);
    }
}
