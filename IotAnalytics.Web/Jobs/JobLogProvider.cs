using Hangfire.Logging;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace IotAnalytics.Web.Jobs;

/// <summary>
/// Hangfire's messages in the host's log. Hangfire keeps its log provider in a static variable, where it outlives its host; asked after that, this one is
/// silent, where Hangfire's own would fail whichever host of the process asks.
/// </summary>
internal sealed class JobLogProvider(ILoggerFactory factory) : ILogProvider
{
    public ILog GetLogger(string name)
    {
        try
        {
            return new JobLog(factory.CreateLogger(name));
        }
        catch (ObjectDisposedException)
        {
            return new JobLog(Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        }
    }

    private sealed class JobLog(ILogger logger) : ILog
    {
        /// <param name="messageFunc">Null: whether the level is written at all.</param>
        public bool Log(Hangfire.Logging.LogLevel logLevel, Func<string>? messageFunc, Exception? exception)
        {
            var level = logLevel switch
            {
                Hangfire.Logging.LogLevel.Trace => LogLevel.Trace,
                Hangfire.Logging.LogLevel.Debug => LogLevel.Debug,
                Hangfire.Logging.LogLevel.Info => LogLevel.Information,
                Hangfire.Logging.LogLevel.Warn => LogLevel.Warning,
                Hangfire.Logging.LogLevel.Error => LogLevel.Error,
                _ => LogLevel.Critical,
            };
            if (messageFunc is not null && logger.IsEnabled(level))
            {
                logger.Log(level, default, (object?)null, exception, (_, _) => messageFunc());
            }

            return logger.IsEnabled(level);
        }
    }
}
