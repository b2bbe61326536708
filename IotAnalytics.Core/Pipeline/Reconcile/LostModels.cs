using System.Globalization;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Reconcile;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Scoring;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Pipeline.Reconcile;

/// <summary>Model versions whose files lie in the store and that the database does not know (any more).</summary>
internal sealed class LostModels(ILakeStore store, DatabaseReader reader, DatabaseWriter writer, IOptions<LakeOptions> options, TimeProvider time)
{
    private const string Author = "lake reconcile";

    /// <summary>Name and version of each, by name and version. Of several files of one version the newest counts.</summary>
    public async Task<IReadOnlyList<LostModel>> FindAsync(CancellationToken cancellationToken)
    {
        var known = await reader.ReadAsync(
            transaction =>
            {
                using var query = transaction.Query("SELECT name, version FROM model_version");
                using var rows = query.ExecuteReader();
                var versions = new HashSet<(string Name, string Version)>();
                while (rows.Read())
                {
                    versions.Add((rows.GetString(0), rows.GetString(1)));
                }

                return versions;
            },
            cancellationToken).ConfigureAwait(false);
        var found = new Dictionary<(string Name, string Version), (LostModel Model, DateTimeOffset Modified)>();
        var prefix = $"{options.Value.System}/models/";
        await foreach (var entry in store.ListAsync(prefix, cancellationToken).ConfigureAwait(false))
        {
            if (Parse(entry.Key, prefix) is { } model && !known.Contains((model.Name, model.Version))
                && (!found.TryGetValue((model.Name, model.Version), out var other) || other.Modified < entry.LastModified))
            {
                found[(model.Name, model.Version)] = (model, entry.LastModified);
            }
        }

        return [.. found.Values.Select(f => f.Model).OrderBy(m => m.Name, StringComparer.Ordinal).ThenBy(m => m.Number)];
    }

    /// <summary>Reads and registers them; of those that rows of the lake name, the newest of each profile becomes its champion. One transaction.</summary>
    /// <exception cref="ModelFileException">A file is damaged.</exception>
    public async Task RestoreAsync(IReadOnlyList<LostModel> lost, IReadOnlyCollection<ModelChange> used, CancellationToken cancellationToken)
    {
        var models = new List<(LostModel Lost, ModelSnapshot Model)>(lost.Count);
        foreach (var model in lost)
        {
            models.Add((model, await ReadAsync(model, cancellationToken).ConfigureAwait(false)));
        }

        var now = DbTime.From(time.GetUtcNow());
        await writer.WriteAsync(
            transaction =>
            {
                foreach (var (file, model) in models)
                {
                    Insert(transaction, file, model, now);
                }

                foreach (var champion in models.Where(m => used.Any(u => u.Profile == m.Lost.Name && u.Champion == m.Lost.Version)).GroupBy(m => m.Lost.Name))
                {
                    var version = champion.MaxBy(m => m.Lost.Number).Lost.Version;
                    AliasRows.Lock(transaction, champion.Key, now).SetChampion(version, Author, "the newest that rows of the lake name");
                }
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task<ModelSnapshot> ReadAsync(LostModel lost, CancellationToken cancellationToken)
    {
        await using var stream = await store.OpenReadAsync(lost.ObjectKey, cancellationToken).ConfigureAwait(false);
        var file = new byte[stream.Length];
        await stream.ReadExactlyAsync(file, cancellationToken).ConfigureAwait(false);
        var model = ModelFile.Read(file);
        return (model.Name, model.Version) == (lost.Name, lost.Version) && model.Sha256.StartsWith(lost.Hash, StringComparison.Ordinal)
            ? model
            : throw new ModelFileException($"The file {lost.ObjectKey} holds {model.Name} version {model.Version} with the hash {model.Sha256}: it is not what its name says.");
    }

    private static void Insert(System.Data.Common.DbTransaction transaction, LostModel file, ModelSnapshot model, DbTime now)
    {
        transaction.Execute(
            "INSERT INTO model (name, champion, created_at) VALUES (@name, NULL, @now) ON CONFLICT (name) DO NOTHING", ("@name", model.Name), ("@now", now));
        var inserted = transaction.Execute(
            "INSERT INTO model_version (name, version, object_key, sha256, card, created_at, created_by) "
            + "VALUES (@name, @version, @key, @sha256, @card, @now, @by) ON CONFLICT (name, version) DO NOTHING",
            ("@name", model.Name), ("@version", model.Version), ("@key", file.ObjectKey), ("@sha256", model.Sha256), ("@card", model.Card.ToJson()), ("@now", now), ("@by", Author));
        if (inserted > 0)
        {
            ModelRows.InsertRanges(transaction, model);
        }
    }

    private static LostModel? Parse(string key, string prefix) =>
        key[prefix.Length..].Split('/') is [var name, var file] && file.EndsWith(".model", StringComparison.Ordinal) && file[..^6].Split('-') is [var version, var hash]
            && int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? new LostModel(name, version, key, hash)
            : null;
}

/// <summary>A version in the store.</summary>
/// <param name="Hash">Beginning of the file's SHA-256, from its name.</param>
internal sealed record LostModel(string Name, string Version, string ObjectKey, string Hash)
{
    public int Number => int.Parse(Version, CultureInfo.InvariantCulture);
}
