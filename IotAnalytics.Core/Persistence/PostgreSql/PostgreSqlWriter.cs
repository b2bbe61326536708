using System.Data;
using System.Data.Common;
using Npgsql;

namespace IotAnalytics.Core.Persistence.PostgreSql;

/// <summary>
/// Each transaction has a pooled connection; a bounded number run at once. READ COMMITTED and not higher: a claim that waits for a live commit must
/// see the offsets that this commit leaves.
/// </summary>
internal sealed class PostgreSqlWriter(NpgsqlDataSource source) : DatabaseWriter
{
    private const int MostTransactions = 16;
    private readonly SemaphoreSlim _slots = new(MostTransactions, MostTransactions);

    public override async Task<T> WriteAsync<T>(Func<DbTransaction, T> work, CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // The statements block; the caller's thread may be the one that all partitions share.
            return await Task.Run(() => Run(work), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    public override ValueTask DisposeAsync()
    {
        _slots.Dispose();
        return ValueTask.CompletedTask;
    }

    private T Run<T>(Func<DbTransaction, T> work)
    {
        using var connection = source.OpenConnection();
        using var transaction = connection.BeginTransaction(IsolationLevel.ReadCommitted);
        var result = work(transaction);
        transaction.Commit();
        return result;
    }
}
