using System.Globalization;
using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Pipeline.Reconcile;
using IotAnalytics.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IotAnalytics.Tests.Pipeline.Reconcile;

/// <summary>The same with the database on PostgreSQL and the lake on S3; the copy is a database made from it as template.</summary>
public sealed class PostgreSqlReconcileTests(PostgreSqlServer server, S3Server store) : IAsyncLifetime
{
    private readonly ReconcileSite _site = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task Without_any_copy_an_empty_database_is_filled_from_the_lake()
    {
        await UseServersAsync();
        await _site.RunAsync(10);
        await _site.RunAsync(10);
        var truth = await RowsAsync(_site.Settings["ConnectionStrings:Analytics"]!);
        var empty = _site.Settings["ConnectionStrings:Analytics"] = await server.NewDatabaseAsync();
        await Assert.ThrowsAsync<LakeAheadException>(() => _site.StartAsync());

        await using (var services = _site.Services())
        {
            await services.GetRequiredService<LostSources>().RegisterAsync([1], Token);
        }

        Assert.Empty(await _site.ReconcileAsync());

        Assert.Equal(truth, await RowsAsync(empty));
        await _site.RunAsync(10);
        Assert.Empty(await _site.VerifyAsync());
    }

    [Fact]
    public async Task A_restored_database_gets_back_what_it_lost_and_the_host_goes_on()
    {
        await UseServersAsync();
        var lost = _site.Settings["ConnectionStrings:Analytics"]!;
        await _site.RunAsync(10);
        var copy = await CopyAsync(lost);
        await _site.RunAsync(10);
        _site.Settings["Profiles:climate:Features:double_humidity"] = "humidity * 2";
        await _site.RunAsync(10);
        var truth = await RowsAsync(lost);

        _site.Settings["ConnectionStrings:Analytics"] = copy;
        await Assert.ThrowsAsync<LakeAheadException>(() => _site.StartAsync());
        Assert.Empty(await _site.ReconcileAsync());

        Assert.Equal(truth, await RowsAsync(copy));
        Assert.Empty(await _site.VerifyAsync());
        await _site.RunAsync(10);
        Assert.Empty(await _site.VerifyAsync());
        Assert.Contains("stream_partition: 1 | 0 | 40 | 40 | 40 |", string.Join('\n', await RowsAsync(copy)), StringComparison.Ordinal);
    }

    private async Task UseServersAsync()
    {
        foreach (var (key, value) in (await server.NewSettingsAsync()).Concat(S3Server.Settings(await store.RequireAsync(), S3Server.NewBucketName())))
        {
            _site.Settings[key] = value;
        }
    }

    private static async Task<string> CopyAsync(string connectionString)
    {
        NpgsqlConnection.ClearAllPools();
        var (from, to) = (new NpgsqlConnectionStringBuilder(connectionString), new NpgsqlConnectionStringBuilder(connectionString) { Database = $"iot_{Guid.NewGuid():N}" });
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Database = "postgres", Pooling = false }.ConnectionString);
        await connection.OpenAsync(Token);
        await using var command = new NpgsqlCommand($"CREATE DATABASE {to.Database} TEMPLATE {from.Database}", connection);
        await command.ExecuteNonQueryAsync(Token);
        return to.ConnectionString;
    }

    private static async Task<List<string>> RowsAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { SearchPath = "iot", Pooling = false }.ConnectionString);
        await connection.OpenAsync(Token);
        var lines = new List<string>();
        foreach (var (what, sql) in RebuiltRows.Queries)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await using var reader = await command.ExecuteReaderAsync(Token);
            while (await reader.ReadAsync(Token))
            {
                lines.Add($"{what}: {string.Join(" | ", Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture)))}");
            }
        }

        return lines;
    }
}
