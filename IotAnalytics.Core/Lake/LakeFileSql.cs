using System.Data.Common;
using System.Globalization;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Lake;

/// <summary>The statement by which T2 and the rewrites record an object.</summary>
internal static class LakeFileSql
{
    public static void Insert(DbTransaction transaction, LakeFile file)
    {
        using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """
            INSERT INTO lake_file (object_key, table_name, source_id, partition, first_offset, next_offset, owner_epoch, partition_date,
              row_count, byte_count, sha256, stats, added_version, removed_version, removed_at)
            VALUES (@object_key, @table_name, @source_id, @partition, @first_offset, @next_offset, @owner_epoch, @partition_date,
              @row_count, @byte_count, @sha256, @stats, @added_version, NULL, NULL)
            """;
        command.Add("@object_key", file.ObjectKey)
            .Add("@table_name", file.TableName)
            .Add("@source_id", file.SourceId)
            .Add("@partition", file.Partition)
            .Add("@first_offset", file.FirstOffset)
            .Add("@next_offset", file.NextOffset)
            .Add("@owner_epoch", file.OwnerEpoch)
            .Add("@partition_date", file.PartitionDate)
            .Add("@row_count", file.RowCount)
            .Add("@byte_count", file.ByteCount)
            .Add("@sha256", file.Sha256)
            .Add("@stats", file.Stats)
            .Add("@added_version", file.AddedVersion)
            .ExecuteNonQuery();
    }

    /// <summary>A date as the database and the paths spell it.</summary>
    public static string Date(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
