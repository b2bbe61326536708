using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Modeling.Training.Episodes;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Modeling.Training.Runs;

/// <summary>The memories of trained models in the store, by their hashes, which the cards hold. Put before the version is registered.</summary>
internal sealed class LevelMemories(DatabaseReader reader, ILakeStore store, IOptions<LakeOptions> lake, ILogger<LevelMemories> logger)
{
    /// <summary>That of the champion; where it was not trained from the lake, that of the newest version that was; else an empty one.</summary>
    public async Task<LevelMemory> LoadAsync(SensorProfile profile, CancellationToken cancellationToken)
    {
        string[] measurements = [.. profile.Measurements.Select(m => m.Name)];
        if (await reader.ReadAsync(t => Newest(t, profile.Name), cancellationToken).ConfigureAwait(false) is not { } hash)
        {
            return LevelMemory.Empty(measurements);
        }

        try
        {
            await using var stream = await store.OpenReadAsync(Key(profile.Name, hash), cancellationToken).ConfigureAwait(false);
            var json = new byte[stream.Length];
            await stream.ReadExactlyAsync(json, cancellationToken).ConfigureAwait(false);
            var memory = LevelMemory.Read(json);
            return memory.Measurements.SequenceEqual(measurements) ? memory : LevelMemory.Empty(measurements);
        }
        catch (Exception e) when (e is FileNotFoundException or InvalidDataException)
        {
            logger.MemoryLost(profile.Name, hash, e.Message);
            return LevelMemory.Empty(measurements);
        }
    }

    public Task SaveAsync(string name, LevelMemory memory, CancellationToken cancellationToken) =>
        store.PutAsync(Key(name, memory.Hash()), memory.ToJson(), cancellationToken);

    private static string? Newest(DbTransaction transaction, string name)
    {
        using var query = transaction.Query(
            "SELECT v.version, v.card, CASE WHEN v.version = m.champion THEN 1 ELSE 0 END FROM model_version v JOIN model m ON m.name = v.name WHERE v.name = @name",
            ("@name", name));
        using var rows = query.ExecuteReader();
        var (best, hash) = (-1L, default(string));
        while (rows.Read())
        {
            using var card = JsonDocument.Parse(rows.GetString(1));
            var rank = rows.GetInt32(2) == 1 ? long.MaxValue : long.Parse(rows.GetString(0), CultureInfo.InvariantCulture);
            if (rank > best && card.RootElement.TryGetProperty("memory", out var memory))
            {
                (best, hash) = (rank, memory.GetString());
            }
        }

        return hash;
    }

    private string Key(string name, string hash) => $"{lake.Value.System}/models/{name}/levels-{hash}.json";
}
