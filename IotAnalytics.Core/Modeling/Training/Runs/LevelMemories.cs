using System.Data.Common;
using System.Globalization;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Modeling.Training.Episodes;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Modeling.Training.Runs;

/// <summary>The memories of trained models in the store, an object for each run. Put before the run's version is registered.</summary>
internal sealed class LevelMemories(DatabaseReader reader, ILakeStore store, IOptions<LakeOptions> lake, ILogger<LevelMemories> logger)
{
    /// <summary>That of the champion; where it was not trained from the lake, that of the newest version that was; else an empty one.</summary>
    public async Task<LevelMemory> LoadAsync(SensorProfile profile, CancellationToken cancellationToken)
    {
        string[] measurements = [.. profile.Measurements.Select(m => m.Name)];
        if (await reader.ReadAsync(t => Run(t, profile.Name), cancellationToken).ConfigureAwait(false) is not { } run)
        {
            return LevelMemory.Empty(measurements);
        }

        try
        {
            await using var stream = await store.OpenReadAsync(Key(profile.Name, run), cancellationToken).ConfigureAwait(false);
            var json = new byte[stream.Length];
            await stream.ReadExactlyAsync(json, cancellationToken).ConfigureAwait(false);
            var memory = LevelMemory.Read(json);
            return memory.Measurements.SequenceEqual(measurements) ? memory : LevelMemory.Empty(measurements);
        }
        catch (Exception e) when (e is FileNotFoundException or InvalidDataException)
        {
            logger.MemoryLost(profile.Name, run, e.Message);
            return LevelMemory.Empty(measurements);
        }
    }

    public Task SaveAsync(TakenRun run, LevelMemory memory, CancellationToken cancellationToken) =>
        store.PutAsync(Key(run.Name, run.RunId), memory.ToJson(), cancellationToken);

    private static long? Run(DbTransaction transaction, string name)
    {
        using var query = transaction.Query(
            """
            SELECT v.training_run_id FROM model_version v JOIN model m ON m.name = v.name
            WHERE v.name = @name AND v.training_run_id IS NOT NULL
            ORDER BY CASE WHEN v.version = m.champion THEN 0 ELSE 1 END, v.training_run_id DESC LIMIT 1
            """,
            ("@name", name));
        return query.ExecuteScalar() is { } id and not DBNull ? Convert.ToInt64(id, null) : null;
    }

    private string Key(string name, long run) => string.Create(CultureInfo.InvariantCulture, $"{lake.Value.System}/models/{name}/levels-{run}.json");
}
