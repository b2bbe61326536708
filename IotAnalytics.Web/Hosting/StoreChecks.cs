using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.Lake.Stores.S3;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Web.Hosting;

/// <summary>
/// What is asked of log, database and lake before anything is written to any of them, all three at once and while the rest of the host is put together. Only the
/// lake's store, when it is S3, is tried by writing.
/// </summary>
internal sealed class StoreChecks(IServiceProvider services)
{
    private bool _hasBegun;

    /// <summary>Ends when the lake's store is found good; a host that cannot use it changes nothing elsewhere.</summary>
    public Task Lake { get; private set; } = Task.CompletedTask;

    /// <summary>Ends when the log's cluster was asked what there is.</summary>
    public Task Log { get; private set; } = Task.CompletedTask;

    /// <summary>Ends when a shared database has let the host in.</summary>
    public Task Database { get; private set; } = Task.CompletedTask;

    /// <summary>Begins; the second call does nothing.</summary>
    public void Begin(CancellationToken cancellationToken)
    {
        if (_hasBegun)
        {
            return;
        }

        _hasBegun = true;
        Lake = Task.Run(() => services.GetService<S3StoreProbe>()?.CheckAsync(cancellationToken) ?? Task.CompletedTask, cancellationToken);
        Log = Task.Run(() => services.GetRequiredService<ICommitLog>().ConnectAsync(cancellationToken), cancellationToken);
        Database = Task.Run(() => services.GetRequiredService<DatabaseMigrator>().ConnectAsync(cancellationToken), cancellationToken);
    }
}
