using IotAnalytics.Core;
using IotAnalytics.Core.CommitLog.Embedded;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Tests.CommitLog;

/// <summary>A temporary data directory with an embedded log in it.</summary>
internal sealed class LogFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("iot-log-").FullName;

    public string File => System.IO.Path.Combine(Path, "log.db");

    public static EmbeddedCommitLog Log(string folder, EmbeddedLogOptions? options = null, TimeProvider? time = null) =>
        new(new DataDirectory(folder), Options.Create(options ?? new EmbeddedLogOptions()), time ?? TimeProvider.System, NullLogger<EmbeddedCommitLog>.Instance);

    public async Task<EmbeddedCommitLog> OpenAsync(EmbeddedLogOptions? options = null, TimeProvider? time = null)
    {
        var log = Log(Path, options, time);
        await log.OpenAsync(TestContext.Current.CancellationToken);
        return log;
    }

    /// <summary>Runs SQL on the file, from outside.</summary>
    public object? Sql(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
