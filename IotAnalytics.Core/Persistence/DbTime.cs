using System.Data.Common;
using Npgsql;

namespace IotAnalytics.Core.Persistence;

/// <summary>A moment as a value of a statement, in Unix milliseconds: SQLite keeps it as that number, PostgreSQL as timestamptz.</summary>
internal readonly record struct DbTime(long UnixMs)
{
    public static DbTime From(DateTimeOffset time) => new(time.ToUnixTimeMilliseconds());

    /// <summary>For PostgreSQL; years beyond 9999 are its end.</summary>
    public DateTime ToUtc() => DateTimeOffset.FromUnixTimeMilliseconds(
        Math.Clamp(UnixMs, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())).UtcDateTime;
}

internal static class DbTimeColumns
{
    /// <summary>A time column, in Unix milliseconds.</summary>
    public static long GetUnixMs(this DbDataReader row, int column) => row is NpgsqlDataReader
        ? new DateTimeOffset(row.GetDateTime(column), TimeSpan.Zero).ToUnixTimeMilliseconds()
        : row.GetInt64(column);
}
