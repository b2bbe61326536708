using System.Data.Common;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Modeling.Training.Runs;

/// <summary>The queue's rows, within one transaction.</summary>
internal static class TrainingRunRows
{
    /// <summary>How often a run is begun before it counts as failed.</summary>
    public const int MaxAttempts = 3;

    /// <summary>A run of its owner alone, whatever happened meanwhile.</summary>
    private const string Mine = "run_id = @run AND state = 'running' AND owner = @owner AND attempts = @attempts";

    private const string Over = "owner = NULL, lease_until = NULL";

    /// <summary>The run of a model that is queued or running, or null.</summary>
    public static long? Open(DbTransaction transaction, string name)
    {
        using var query = transaction.Query("SELECT run_id FROM training_run WHERE name = @name AND state IN ('queued', 'running')", ("@name", name));
        return query.ExecuteScalar() is { } id ? Convert.ToInt64(id, null) : null;
    }

    /// <summary>A run by the schedule that this would repeat, or null: of the last minute, by a host that fired first, or one that has seen all readings.</summary>
    public static long? Scheduled(DbTransaction transaction, string name, long toMs, long now)
    {
        using var query = transaction.Query(
            "SELECT run_id FROM training_run WHERE name = @name AND reason = 'schedule' AND (requested_at > @recently OR (window_to = @to AND state <> 'cancelled')) LIMIT 1",
            ("@name", name), ("@to", new DbTime(toMs)), ("@recently", new DbTime(now - 59_000)));
        return query.ExecuteScalar() is { } id ? Convert.ToInt64(id, null) : null;
    }

    /// <summary>The run that drift has queued within a day, or null: one a day is enough, whatever came of it.</summary>
    public static long? OfDrift(DbTransaction transaction, string name, long now)
    {
        using var query = transaction.Query(
            "SELECT run_id FROM training_run WHERE name = @name AND reason = 'drift' AND requested_at > @recently LIMIT 1",
            ("@name", name), ("@recently", new DbTime(now - 86_400_000)));
        return query.ExecuteScalar() is { } id ? Convert.ToInt64(id, null) : null;
    }

    public static long Insert(DbTransaction transaction, string name, string reason, string by, long fromMs, long toMs, long seed, long now)
    {
        using var insert = transaction.Query(
            """
            INSERT INTO training_run (name, reason, requested_by, requested_at, state, progress, window_from, window_to, seed, attempts, is_cancel_requested, rows_read)
            VALUES (@name, @reason, @by, @now, 'queued', 0, @from, @to, @seed, 0, @no, 0) RETURNING run_id
            """,
            ("@name", name), ("@reason", reason), ("@by", by), ("@now", new DbTime(now)), ("@from", new DbTime(fromMs)), ("@to", new DbTime(toMs)),
            ("@seed", seed), ("@no", false));
        return Convert.ToInt64(insert.ExecuteScalar(), null);
    }

    /// <summary>Whether there is something to take, or a run whose owner is gone.</summary>
    public static bool IsAnyWaiting(DbTransaction transaction, long now)
    {
        using var query = transaction.Query(
            "SELECT 1 FROM training_run WHERE (state = 'queued' AND (lease_until IS NULL OR lease_until < @now)) OR (state = 'running' AND lease_until < @now) LIMIT 1",
            ("@now", new DbTime(now)));
        return query.ExecuteScalar() is not null;
    }

    /// <summary>Runs of dead owners end or queue again; then the oldest queued run is this host's, if there is one.</summary>
    public static TakenRun? Take(DbTransaction transaction, string owner, long now, TimeSpan lease)
    {
        transaction.TakeTurn("training runs");
        Recover(transaction, now);
        using var oldest = transaction.Query(
            """
            SELECT run_id, name, requested_by, window_from, window_to, seed, attempts FROM training_run
            WHERE state = 'queued' AND (lease_until IS NULL OR lease_until < @now) ORDER BY run_id LIMIT 1
            """,
            ("@now", new DbTime(now)));
        TakenRun run;
        using (var row = oldest.ExecuteReader())
        {
            if (!row.Read())
            {
                return null;
            }

            run = new TakenRun(
                row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetUnixMs(3), row.GetUnixMs(4), row.GetInt64(5), owner, row.GetInt32(6) + 1);
        }

        transaction.Execute(
            "UPDATE training_run SET state = 'running', owner = @owner, attempts = @attempts, lease_until = @lease, started_at = @now, error = NULL WHERE run_id = @run",
            ("@run", run.RunId), ("@owner", owner), ("@attempts", run.Attempts), ("@lease", After(now, lease)), ("@now", new DbTime(now)));
        return run;
    }

    /// <summary>On a database of its own a host that starts knows that nobody runs anything.</summary>
    public static void EndAllLeases(DbTransaction transaction, long now) =>
        transaction.Execute("UPDATE training_run SET lease_until = @past WHERE state = 'running'", ("@past", new DbTime(now - 1)));

    /// <summary>Renews the lease and tells how far the run is. False: it is another's, or nobody's.</summary>
    public static bool Renew(DbTransaction transaction, TakenRun run, TrainingProgress progress, long now, TimeSpan lease, out bool isCancelRequested)
    {
        using var renew = transaction.Query(
            $"UPDATE training_run SET lease_until = @lease, stage = @stage, progress = @progress, rows_read = @rows WHERE {Mine} RETURNING is_cancel_requested",
            ("@run", run.RunId), ("@owner", run.Owner), ("@attempts", run.Attempts), ("@lease", After(now, lease)),
            ("@stage", progress.Stage), ("@progress", progress.Share), ("@rows", progress.Rows));
        var answer = renew.ExecuteScalar();
        isCancelRequested = answer is not null && Convert.ToBoolean(answer, null);
        return answer is not null;
    }

    /// <summary>The run has made a version. False: it is no longer this host's, or was cancelled, and there must be none.</summary>
    public static bool Succeed(DbTransaction transaction, TakenRun run, string version, long rows, long now) => transaction.Execute(
        $"UPDATE training_run SET state = 'succeeded', version = @version, finished_at = @now, progress = 1, stage = NULL, rows_read = @rows, {Over} WHERE {Mine} AND is_cancel_requested = @no",
        ("@run", run.RunId), ("@owner", run.Owner), ("@attempts", run.Attempts), ("@version", version), ("@rows", rows), ("@now", new DbTime(now)), ("@no", false)) == 1;

    /// <summary>The run ends without a version.</summary>
    public static void End(DbTransaction transaction, TakenRun run, string state, string? error, long now) => transaction.Execute(
        $"UPDATE training_run SET state = @state, error = @error, finished_at = @now, stage = NULL, {Over} WHERE {Mine}",
        ("@run", run.RunId), ("@owner", run.Owner), ("@attempts", run.Attempts), ("@state", state), ("@error", error), ("@now", new DbTime(now)));

    /// <summary>Back to the queue, for another try after <paramref name="pause"/>.</summary>
    /// <param name="isCounted">Whether this try counts as one of <see cref="MaxAttempts"/>.</param>
    public static void GiveBack(DbTransaction transaction, TakenRun run, string? error, bool isCounted, long now, TimeSpan pause) => transaction.Execute(
        $"UPDATE training_run SET state = 'queued', owner = NULL, lease_until = @until, stage = NULL, progress = 0, error = @error, attempts = @left WHERE {Mine}",
        ("@run", run.RunId), ("@owner", run.Owner), ("@attempts", run.Attempts), ("@until", pause > TimeSpan.Zero ? After(now, pause) : null), ("@error", error),
        ("@left", isCounted ? run.Attempts : run.Attempts - 1));

    /// <summary>Asks for the end of a run: at once when nobody runs it, else by its owner. Null: there is no such run; otherwise its state before.</summary>
    public static string? Cancel(DbTransaction transaction, long runId, long now)
    {
        transaction.TakeTurn("training runs");
        using var query = transaction.Query("SELECT state FROM training_run WHERE run_id = @run", ("@run", runId));
        var state = query.ExecuteScalar() as string;
        transaction.Execute(
            $"UPDATE training_run SET state = 'cancelled', is_cancel_requested = @yes, finished_at = @now, {Over} WHERE run_id = @run AND state = 'queued'",
            ("@run", runId), ("@yes", true), ("@now", new DbTime(now)));
        transaction.Execute(
            "UPDATE training_run SET is_cancel_requested = @yes WHERE run_id = @run AND state = 'running'", ("@run", runId), ("@yes", true));
        return state;
    }

    private static void Recover(DbTransaction transaction, long now)
    {
        transaction.Execute(
            $"UPDATE training_run SET state = 'cancelled', finished_at = @now, stage = NULL, {Over} WHERE state = 'running' AND lease_until < @now AND is_cancel_requested = @yes",
            ("@now", new DbTime(now)), ("@yes", true));
        transaction.Execute(
            $"UPDATE training_run SET state = 'failed', finished_at = @now, stage = NULL, error = @error, {Over} WHERE state = 'running' AND lease_until < @now AND attempts >= @most",
            ("@now", new DbTime(now)), ("@most", MaxAttempts), ("@error", $"The host that ran it was gone each of {MaxAttempts} times."));
        transaction.Execute(
            $"UPDATE training_run SET state = 'queued', progress = 0, stage = NULL, {Over} WHERE state = 'running' AND lease_until < @now", ("@now", new DbTime(now)));
    }

    private static DbTime After(long now, TimeSpan time) => new(now + (long)time.TotalMilliseconds);
}
