using System.Data.Common;
using IotAnalytics.Core.Modeling.Drift;
using IotAnalytics.Core.Modeling.Gate;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Tests.Modeling.Gate;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Tests.Conformance;

/// <summary>What the gate and the watch for drift store; every database must pass.</summary>
public abstract class GateAndDriftRowsConformance : IAsyncLifetime
{
    private static readonly DbTime Time = DbTime.From(GatePlant.Begin);
    private TestDatabase _database = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private protected abstract Task<TestDatabase> CreateAsync();

    public async ValueTask InitializeAsync()
    {
        _database = await CreateAsync();
        await _database.MigrateAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_version_of_a_run_waits_for_the_gate_until_it_has_a_report_and_an_older_one_and_one_without_a_run_do_not()
    {
        await WriteAsync(t =>
        {
            t.Execute("INSERT INTO model (name, champion, shadow_share, created_at) VALUES ('climate', '1', 0, @t)", ("@t", Time));
            foreach (var run in new long[] { 1, 2 })
            {
                t.Execute(
                    """
                    INSERT INTO training_run (name, reason, requested_by, requested_at, state, progress, window_from, window_to, seed, attempts, is_cancel_requested, rows_read)
                    VALUES ('climate', 'request', 'ann', @t, 'succeeded', 1, @t, @to, 7, 1, @no, 0)
                    """,
                    ("@t", Time), ("@to", new DbTime(Time.UnixMs + 1_000)), ("@no", false));
            }

            foreach (var (version, run) in new (string, long?)[] { ("1", null), ("2", 1), ("3", 2), ("4", null) })
            {
                t.Execute(
                    "INSERT INTO model_version (name, version, object_key, sha256, card, created_at, created_by, training_run_id) VALUES ('climate', @v, @v, 'x', '{}', @t, 'ann', @run)",
                    ("@v", version), ("@t", Time), ("@run", run));
            }
        });

        Assert.Equal([("climate", "3")], await ReadAsync(GateRows.Waiting));
        Assert.Equal((Time.UnixMs, Time.UnixMs + 1_000, 7), await ReadAsync(t => GateRows.Run(t, "climate", "3")));
        Assert.Null(await ReadAsync(t => GateRows.Run(t, "climate", "4")));
        Assert.Empty(await ReadAsync(t => GateRows.JudgedSensors(t, "climate", 0, Time.UnixMs)));

        var report = GateRules.Unfit(
            new GateReport { Name = "climate", Version = "3", Champion = "1", ChampionIsBootstrap = true, CreatedAt = GatePlant.Begin, TargetAlarmRate = 0.001 }, "a test");
        await WriteAsync(t => GateRows.Insert(t, report, Time));

        Assert.Empty(await ReadAsync(GateRows.Waiting));
        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        var row = await context.GateReports.SingleAsync(Token);
        Assert.Equal(("refuse", report.ToJson()), (row.Verdict, GateReport.FromJson(row.Report).ToJson()));
    }

    [Fact]
    public async Task Measurements_of_drift_are_stored_once()
    {
        DriftMeasured[] measured =
        [
            new(DriftRows.Psi, "temperature", Time.UnixMs, 0.4, 0.2, 5_000), new(DriftRows.TooFewRows, DriftRows.Score, Time.UnixMs + DriftDays.DayMs, 10, 5_000, 10),
            new(DriftRows.Cusum, "temperature", Time.UnixMs + 5, 40, 12, 300),
        ];
        await WriteAsync(t => DriftRows.Insert(t, measured, "climate", "2", Time));
        await WriteAsync(t => DriftRows.Insert(t, [.. measured.Select(m => m with { Value = 9 })], "climate", "2", Time));

        var days = await ReadAsync(t => DriftRows.Days(t, "climate", "2", Time.UnixMs));
        Assert.Equal([Time.UnixMs, Time.UnixMs + DriftDays.DayMs], days.Keys);
        Assert.Equal(0.4, days[Time.UnixMs]["temperature"]);
        Assert.Empty(DriftDays.Drifting(days));
        Assert.Empty(await ReadAsync(t => DriftRows.Days(t, "climate", "3", Time.UnixMs)));
        Assert.Null(await ReadAsync(t => DriftRows.Version(t, "climate", "2")));
    }

    private Task WriteAsync(Action<DbTransaction> write) => _database.Writer.WriteAsync(
        t =>
        {
            write(t);
            return true;
        },
        Token);

    private Task<T> ReadAsync<T>(Func<DbTransaction, T> read) => _database.Reader.ReadAsync(read, Token);
}
