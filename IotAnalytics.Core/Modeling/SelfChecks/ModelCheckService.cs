using System.Data.Common;
using System.Globalization;
using IotAnalytics.Core.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Modeling.SelfChecks;

/// <summary>Tells once a minute how the models are: in the meters, and in the log what begins to fail and what is well again.</summary>
internal sealed partial class ModelCheckService(ModelStatuses statuses, TimeProvider time, ILogger<ModelCheckService> logger) : BackgroundService
{
    /// <summary>A start has better to do.</summary>
    private static readonly TimeSpan First = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private readonly HashSet<(string Name, string Check)> _failing = [];

    /// <summary>One check of all models.</summary>
    internal async Task CheckAsync(CancellationToken cancellationToken)
    {
        foreach (var status in await statuses.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            Measure(status);
            foreach (var check in ModelCheck.All)
            {
                Tell(status.Name, check, status.Findings.FirstOrDefault(f => f.Check == check));
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var wait = First; ; wait = Interval)
        {
            await Task.Delay(wait, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            try
            {
                await CheckAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (DbException e)
            {
                // The workers report the same database; the next check comes.
                LogSkipped(e);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private static void Measure(ModelStatus status)
    {
        var model = KeyValuePair.Create("model", (object?)status.Name);
        ModelMetrics.Version.Record(status.Champion is null ? 0 : long.Parse(status.Champion, CultureInfo.InvariantCulture), model);
        foreach (var check in ModelCheck.All)
        {
            ModelMetrics.Check.Record(status.Findings.Any(f => f.Check == check) ? 1 : 0, model, KeyValuePair.Create("check", (object?)check));
        }

        if (status.Age is { } age)
        {
            ModelMetrics.Age.Record(age.TotalSeconds, model);
        }

        if (status.AlarmRate is { } rate)
        {
            ModelMetrics.AlarmRate.Record(rate.Recent.Rate, model);
        }
    }

    private void Tell(string name, string check, ModelFinding? finding)
    {
        if (finding is null)
        {
            if (_failing.Remove((name, check)))
            {
                LogPassed(name, check);
            }
        }
        else if (_failing.Add((name, check)))
        {
            // Every new sensor warms up.
            LogFailed(check == ModelCheck.WarmingUp ? LogLevel.Information : LogLevel.Warning, name, check, finding.Message);
        }
    }

    [LoggerMessage(EventId = EventIds.ModelCheckFailed, Message = "Model {Name}, {Check}: {Message}")]
    private partial void LogFailed(LogLevel level, string name, string check, string message);

    [LoggerMessage(EventIds.ModelCheckPassed, LogLevel.Information, "Model {Name}, {Check}: well again")]
    private partial void LogPassed(string name, string check);

    [LoggerMessage(EventIds.ModelCheckSkipped, LogLevel.Warning, "The models were not checked")]
    private partial void LogSkipped(Exception exception);
}
