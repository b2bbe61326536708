using System.Data.Common;
using System.Globalization;

namespace IotAnalytics.Core.Persistence.PostgreSql;

/// <summary>
/// The day partitions of <c>sensor_minute</c>: the last seven days, today and the next two. What lies outside (loaded history, a clock that is wrong, a
/// host that was away) is in the default partition, and moves when its day gets a partition of its own.
/// </summary>
internal sealed class DayPartitions(DatabaseWriter writer, TimeProvider time)
{
    private const int DaysBack = 7;
    private const int DaysAhead = 2;

    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        var missing = await writer.WriteAsync(
            transaction =>
            {
                var known = Known(transaction);
                return Wanted().Where(d => !known.Contains(d)).ToList();
            },
            cancellationToken).ConfigureAwait(false);
        foreach (var day in missing)
        {
            await writer.WriteAsync(transaction => Create(transaction, day), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>All of them in the transaction that makes the table, where nobody else can be.</summary>
    public void CreateAll(DbTransaction transaction) => transaction.Execute(string.Concat(Wanted().Select(
        d => $"CREATE TABLE iot.{NameOf(d)} PARTITION OF iot.sensor_minute FOR VALUES FROM ('{Bound(d)}') TO ('{Bound(d.AddDays(1))}');")));

    /// <summary>The days that have a partition.</summary>
    public static HashSet<DateOnly> Known(DbTransaction transaction)
    {
        using var query = transaction.Query(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'iot.sensor_minute'::regclass");
        using var rows = query.ExecuteReader();
        var days = new HashSet<DateOnly>();
        while (rows.Read())
        {
            if (DateOnly.TryParseExact(rows.GetString(0), "'sensor_minute_'yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            {
                days.Add(day);
            }
        }

        return days;
    }

    public static string NameOf(DateOnly day) => day.ToString("'sensor_minute_'yyyyMMdd", CultureInfo.InvariantCulture);

    private static void Create(DbTransaction transaction, DateOnly day)
    {
        transaction.TakeTurn("sensor_minute");
        if (Known(transaction).Contains(day))
        {
            return;
        }

        // The lock that making a partition takes, before the rows are moved: no writer may come between, and none is kept waiting for long.
        transaction.LimitLockWait(TimeSpan.FromSeconds(5));
        var (name, from, to) = (NameOf(day), Bound(day), Bound(day.AddDays(1)));
        transaction.Execute(
            $"""
            LOCK TABLE iot.sensor_minute IN ACCESS EXCLUSIVE MODE;
            CREATE TABLE iot.{name} (LIKE iot.sensor_minute INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
            WITH moved AS (DELETE FROM iot.sensor_minute_default WHERE bucket_start >= '{from}' AND bucket_start < '{to}' RETURNING *)
            INSERT INTO iot.{name} SELECT * FROM moved;
            ALTER TABLE iot.sensor_minute ATTACH PARTITION iot.{name} FOR VALUES FROM ('{from}') TO ('{to}');
            """);
    }

    private IEnumerable<DateOnly> Wanted()
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        return Enumerable.Range(-DaysBack, DaysBack + DaysAhead + 1).Select(today.AddDays);
    }

    private static string Bound(DateOnly day) => day.ToString("yyyy-MM-dd'T00:00:00Z'", CultureInfo.InvariantCulture);
}
