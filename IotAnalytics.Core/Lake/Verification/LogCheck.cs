using IotAnalytics.Core.Lake.Delta;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Lake.Verification;

/// <summary>Compares a table's Delta log with the database, at the newest version that both have.</summary>
internal static class LogCheck
{
    public static void Run(
        LakeTable table,
        DeltaSnapshot snapshot,
        DeltaTable? row,
        IReadOnlyList<LakeFile> files,
        IReadOnlyDictionary<(int SourceId, int Partition), long> lakeOffsets,
        List<string> findings)
    {
        void Find(string what) => findings.Add($"{table.Root}/_delta_log, version {snapshot.Version}: {what}");
        if (snapshot.Version < 0)
        {
            return;
        }

        if (snapshot.Protocol != (DeltaBody.ReaderVersion, DeltaBody.WriterVersion))
        {
            Find($"protocol is {snapshot.Protocol}, not (1, 2)");
        }

        if (snapshot.MetaData is not { } metaData)
        {
            Find("there is no metaData");
            return;
        }

        if (metaData.Id != row?.DeltaId)
        {
            Find($"table id is {metaData.Id}, the database says {row?.DeltaId}");
        }

        if (metaData.PartitionColumn != table.PartitionColumn)
        {
            Find($"the table is partitioned by {metaData.PartitionColumn}, not by {table.PartitionColumn}");
        }

        var expected = files.Where(f => f.TableName == table.Name && f.AddedVersion <= snapshot.Version && (f.RemovedVersion is null || f.RemovedVersion > snapshot.Version))
            .ToDictionary(f => table.RelativePath(f.ObjectKey), StringComparer.Ordinal);
        foreach (var add in snapshot.Adds.Values)
        {
            if (!expected.TryGetValue(add.Path, out var file))
            {
                Find($"{add.Path} is live here and not in the database");
            }
            else if ((add.Size, add.PartitionValue, add.Stats) != (file.ByteCount, LakeFileSql.Date(file.PartitionDate), file.Stats))
            {
                Find($"{add.Path} has another size, date or other statistics than in the database");
            }
        }

        foreach (var path in expected.Keys.Where(path => !snapshot.Adds.ContainsKey(path)))
        {
            Find($"{path} is live in the database and not here");
        }

        foreach (var transaction in snapshot.Transactions.Values)
        {
            if (DeltaTransaction.Parse(transaction.AppId) is { } key && transaction.Version > lakeOffsets.GetValueOrDefault(key, -1))
            {
                Find($"txn {transaction.AppId} is at {transaction.Version}, beyond the database's offset {lakeOffsets.GetValueOrDefault(key, -1)}");
            }
        }
    }
}
