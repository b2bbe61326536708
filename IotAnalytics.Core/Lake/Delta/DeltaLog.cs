using System.Text;
using System.Text.Json;

namespace IotAnalytics.Core.Lake.Delta;

/// <summary>Reads a table's log: from the last checkpoint on, version by version, until one is missing.</summary>
internal sealed class DeltaLog(ILakeStore store)
{
    /// <summary>The newest state.</summary>
    /// <exception cref="InvalidDataException">The log cannot be read.</exception>
    public async Task<DeltaSnapshot> LoadAsync(LakeTable table, CancellationToken cancellationToken, long upTo = long.MaxValue)
    {
        var snapshot = new DeltaSnapshot();
        if (await LastCheckpointAsync(table, cancellationToken).ConfigureAwait(false) is { } checkpoint && checkpoint <= upTo)
        {
            snapshot = await DeltaCheckpoint.ReadAsync(store, table, checkpoint, cancellationToken).ConfigureAwait(false);
        }

        while (snapshot.Version < upTo
            && await ReadTextAsync(DeltaLogKeys.Commit(table, snapshot.Version + 1), cancellationToken).ConfigureAwait(false) is { } body)
        {
            snapshot.Apply(snapshot.Version + 1, body);
        }

        return snapshot;
    }

    /// <summary>The version that <c>_last_checkpoint</c> names, or null.</summary>
    public async Task<long?> LastCheckpointAsync(LakeTable table, CancellationToken cancellationToken)
    {
        var text = await ReadTextAsync(DeltaLogKeys.LastCheckpoint(table), cancellationToken).ConfigureAwait(false);
        if (text is null)
        {
            return null;
        }

        using var json = JsonDocument.Parse(text);
        return json.RootElement.GetProperty("version").GetInt64();
    }

    /// <summary>An object's text, or null when there is none.</summary>
    public async Task<string?> ReadTextAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = await store.OpenReadAsync(key, cancellationToken).ConfigureAwait(false);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            return await reader.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
