using System.Data.Common;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Hosting;

namespace IotAnalytics.Web.Security;

/// <summary>Writes <c>last_used_at</c> once a minute and at the stop, so that a request costs no write.</summary>
internal sealed class ApiKeyUsage(ApiKeyStore keys, DatabaseWriter writer, TimeProvider time, ILogger<ApiKeyUsage> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await SaveAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await SaveAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The stop saves the rest.
        }
    }

    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        var usage = keys.TakeUsage();
        if (usage.Count == 0)
        {
            return;
        }

        try
        {
            await writer.WriteAsync(
                transaction =>
                {
                    foreach (var (keyId, at) in usage)
                    {
                        Update(transaction, keyId, at);
                    }
                },
                cancellationToken);
        }
        catch (DbException e)
        {
            // A statistic: the next use of the key says it again.
            Log.KeyUsageNotSaved(logger, e);
        }
    }

    private static void Update(DbTransaction transaction, int keyId, DateTime at)
    {
        transaction.Execute(
            "UPDATE api_key SET last_used_at = @at WHERE key_id = @id",
            ("@at", DbTime.From(new DateTimeOffset(at, TimeSpan.Zero))), ("@id", keyId));
    }
}
