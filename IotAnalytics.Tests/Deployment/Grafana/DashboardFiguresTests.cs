using System.Globalization;
using System.Text;
using IotAnalytics.Core.Ingestion;
using IotAnalytics.Core.Modeling.Drift;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Readings;
using IotAnalytics.Tests.EndToEnd;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace IotAnalytics.Tests.Deployment.Grafana;

/// <summary>Every query of every dashboard, run as Grafana's role on a real PostgreSQL after a real run of the pipeline, against figures counted from the lake.</summary>
public sealed class DashboardFiguresTests(PostgreSqlServer server) : IDisposable
{
    private const int Minutes = 20;
    private const int Sensors = 7;
    private const int DeadLetters = 3;
    private const int Duplicates = 2;
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-grafana-").FullName;
    private readonly DateTimeOffset _start = Floor(TimeProvider.System.GetUtcNow().AddMinutes(-40));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_panel_shows_what_the_lake_holds()
    {
        var settings = await server.NewSettingsAsync();
        var connection = settings["ConnectionStrings:Analytics"]!;
        await ReaderRole.EnsureAsync(connection);
        await RunPipelineAsync(settings);

        using var lake = new LakeOracle(_folder);
        lake.Query("CREATE VIEW scored AS SELECT *, false AS is_anomaly FROM silver UNION ALL BY NAME SELECT *, true AS is_anomaly FROM gold");
        Assert.Equal((Minutes * Sensors * 2) + DeadLetters + Duplicates, lake.Lake<long>("SELECT sum(item_count) FROM bronze"));
        Assert.Equal(Minutes * Sensors * 2, lake.Lake<long>("SELECT count(*) FROM scored"));

        var seen = new HashSet<string>();
        foreach (var dashboard in Dashboard.All())
        {
            var variables = await VariablesAsync(dashboard, connection);
            foreach (var query in dashboard.Queries())
            {
                foreach (var value in query.Repeat is null ? [""] : variables[query.Repeat])
                {
                    var chosen = query.Repeat is null ? variables : new Dictionary<string, IReadOnlyList<string>>(variables) { [query.Repeat] = [value] };
                    await CheckAsync(query, Range(chosen), connection, lake, Facts(chosen));
                }

                seen.Add(query.ToString());
            }
        }

        Assert.Empty(PanelFigures.FromLake.Keys.Concat(PanelFigures.SumsFromLake.Keys).Except(seen));
    }

    private static async Task CheckAsync(PanelQuery query, GrafanaMacros macros, string connection, LakeOracle lake, IReadOnlyDictionary<string, string> facts)
    {
        var rows = await ReaderRole.QueryAsync(connection, macros.Expand(query.Sql));
        Assert.True(rows.Count > 0 || PanelFigures.MayBeEmpty.Contains(query.ToString()), $"{query} is empty");
        if (PanelFigures.FromLake.TryGetValue(query.ToString(), out var sql))
        {
            var expected = lake.Query(Filled(sql));
            Assert.True(expected.Count == rows.Count, $"{query}: {rows.Count} rows, the lake has {expected.Count}");
            Assert.True(expected.Count > 0, $"{query}: the lake has nothing to compare with");
            for (var i = 0; i < rows.Count; i++)
            {
                Assert.True(Same(expected[i], rows[i]), $"{query}, row {i}: [{string.Join(", ", rows[i])}], the lake has [{string.Join(", ", expected[i])}]");
            }
        }
        else if (PanelFigures.SumsFromLake.TryGetValue(query.ToString(), out sql))
        {
            var sum = rows.Sum(r => r.Skip(1).Where(v => v is not string).Sum(v => Number(v)!.Value));
            var expected = Number(lake.Query(Filled(sql))[0][0])!.Value;
            Assert.True(Math.Abs(expected - sum) < 1e-9 * Math.Max(1, expected), $"{query}: {sum}, the lake has {expected}");
        }

        string Filled(string text) => facts.Aggregate(text, (t, fact) => t.Replace($"{{{fact.Key}}}", fact.Value, StringComparison.Ordinal));
    }

    /// <summary>The columns that the lake has; a panel may show more behind them.</summary>
    private static bool Same(object?[] expected, object?[] shown) =>
        expected.Length <= shown.Length && expected.Zip(shown).All(pair => pair.First is string text
            ? text.Equals(pair.Second)
            : Number(pair.First) is { } a && Number(pair.Second) is { } b ? Math.Abs(a - b) <= 1e-9 * Math.Max(1, Math.Abs(a)) : pair.First is null && pair.Second is null);

    private static double? Number(object? value) => value switch
    {
        null => null,
        DateTime time => (DateTime.SpecifyKind(time, DateTimeKind.Utc) - DateTime.UnixEpoch).TotalSeconds,
        DateTimeOffset time => (time.UtcDateTime - DateTime.UnixEpoch).TotalSeconds,
        System.Numerics.BigInteger big => (double)big,
        _ => Convert.ToDouble(value, CultureInfo.InvariantCulture),
    };

    private Dictionary<string, string> Facts(IReadOnlyDictionary<string, IReadOnlyList<string>> variables)
    {
        var facts = new Dictionary<string, string>
        {
            ["dead"] = DeadLetters.ToString(CultureInfo.InvariantCulture),
            ["start"] = _start.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            ["duplicates"] = Duplicates.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (variable, fact) in new[] { ("sensor", "s"), ("measurement", "m") })
        {
            if (variables.TryGetValue(variable, out var values))
            {
                facts[fact] = values[0];
            }
        }

        return facts;
    }

    private GrafanaMacros Range(IReadOnlyDictionary<string, IReadOnlyList<string>> variables) =>
        new(_start.AddHours(-1), TimeProvider.System.GetUtcNow().AddSeconds(1), TimeSpan.FromMinutes(1), variables);

    /// <summary>As Grafana fills them when a dashboard is opened: the first value, or all where that is possible.</summary>
    private async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> VariablesAsync(Dashboard dashboard, string connection)
    {
        var chosen = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var variable in dashboard.Variables)
        {
            var text = Dashboard.Text(variable, "query");
            IReadOnlyList<string> values = Dashboard.Text(variable, "type") == "query"
                ? [.. (await ReaderRole.QueryAsync(connection, Range(chosen).Expand(text))).Select(r => (string)r[0]!)]
                : text.Split(',');
            Assert.True(values.Count > 0, $"{dashboard.File}: the variable {Dashboard.Text(variable, "name")} has no values");
            var takesAll = variable.TryGetProperty("includeAll", out var all) && all.GetBoolean();
            chosen[Dashboard.Text(variable, "name")] = takesAll ? values : [values[0]];
        }

        return chosen;
    }

    private async Task RunPipelineAsync(Dictionary<string, string?> settings)
    {
        settings["Lake:PublishInterval"] = "00:00:00.2";
        await using var host = await PipelineHost.StartAsync(
            _folder, settings, (services, token) => services.GetRequiredService<ModelRegistry>().EnsureBootstrapAsync(services.GetRequiredService<ProfileCatalog>(), token),
            customize: null, Token);
        for (var minute = 0; minute < Minutes; minute++)
        {
            var result = await host.Ingestor.IngestAsync(Encoding.UTF8.GetBytes(Body(minute)), idempotencyKey: null, recordTimeFromEvents: true, Token);
            Assert.Equal(IngestKind.Accepted, result.Kind);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (host.Monitor.Totals.Readings < (Minutes * Sensors * 2) + DeadLetters + Duplicates || host.Monitor.Partitions.Any(p => p.RollupOffset < p.FastOffset))
        {
            await Task.Delay(10, limit.Token);
        }

        // What the lake of twenty minutes cannot have: a measured day and a shift.
        DriftMeasured[] drift = [new(DriftRows.Psi, "temperature", _start.ToUnixTimeMilliseconds(), 0.31, 0.2, 5_000), new(DriftRows.Cusum, "humidity", _start.ToUnixTimeMilliseconds(), 12.5, 9, 400)];
        await host.Services.GetRequiredService<DatabaseWriter>().WriteAsync(
            t =>
            {
                DriftRows.Insert(t, drift, "climate", "1", DbTime.From(_start));
                return true;
            },
            Token);
        var recorder = host.Services.GetServices<IHostedService>().OfType<PartitionStatusRecorder>().Single();
        await recorder.RecordAsync(Token);
        await host.StopAsync(Token);
    }

    /// <summary>Two readings of each sensor in a minute; the last three minutes have one that cannot be read, the first two one that came before.</summary>
    private string Body(int minute)
    {
        var body = new StringBuilder();
        for (var item = 0; item < Sensors * 2; item++)
        {
            var (sensor, value) = (item % Sensors, item + (minute * 14));
            var isAnomaly = value % 13 == 0 || (sensor == 0 && minute % 5 == 0);
            body.Append(Line(sensor, minute, item, isAnomaly ? 85 + (value * 0.1) : 20 + (value * 0.02), isAnomaly ? 6 : 45 + (value * 0.05)));
            if (minute < Duplicates && item == 3)
            {
                body.Append(Line(sensor, minute, item, isAnomaly ? 85 + (value * 0.1) : 20 + (value * 0.02), isAnomaly ? 6 : 45 + (value * 0.05)));
            }
        }

        return minute < Minutes - DeadLetters ? body.ToString() : body.Append("{\"sensor_id\":\"s1\",\"timestamp\":\"").Append(Time(minute, 30)).Append("\",\"temperature\":\"hot\"}\n").ToString();
    }

    private string Line(int sensor, int minute, int item, double temperature, double humidity) => string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"sensor_id\":\"s{sensor}\",\"timestamp\":\"{Time(minute, item * 4)}\",\"temperature\":{temperature:F2},\"humidity\":{humidity:F2}}}\n");

    private string Time(int minute, int second) => _start.AddMinutes(minute).AddSeconds(second).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static DateTimeOffset Floor(DateTimeOffset time) => new(time.Year, time.Month, time.Day, time.Hour, time.Minute, 0, TimeSpan.Zero);
}
