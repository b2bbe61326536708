using System.Collections.Concurrent;
using System.Diagnostics;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Modeling.Registry;

/// <summary>
/// Models, their immutable versions and the champion of each. The database says what exists, the lake store holds the files. A file is put
/// before its rows are inserted and its key holds its hash, so that a crash leaves at most an unused file and two hosts never overwrite
/// each other. Safe for many threads. Plain SQL throughout: a start does not wait for EF Core.
/// </summary>
internal sealed class ModelRegistry(
    DatabaseReader reader,
    DatabaseWriter writer,
    ILakeStore store,
    IOptions<LakeOptions> lake,
    IOptions<ModelingOptions> options,
    TimeProvider time,
    ILogger<ModelRegistry> logger)
{
    private const string BootstrapAuthor = "bootstrap";

    private readonly ConcurrentDictionary<(string Name, string Version), ModelSnapshot> _loaded = new();

    /// <summary>Gives every profile a champion that fits it, with the configured seed. Idempotent; hosts may race.</summary>
    public Task EnsureBootstrapAsync(ProfileCatalog catalog, CancellationToken cancellationToken) =>
        EnsureBootstrapAsync(catalog, options.Value.BootstrapSeed, cancellationToken);

    /// <inheritdoc cref="EnsureBootstrapAsync(ProfileCatalog, CancellationToken)"/>
    /// <param name="seed">Of the models trained now; versions that exist stay as they are.</param>
    public async Task EnsureBootstrapAsync(ProfileCatalog catalog, int seed, CancellationToken cancellationToken)
    {
        foreach (var profile in catalog.Profiles)
        {
            var champion = await GetChampionAsync(profile.Name, cancellationToken).ConfigureAwait(false);
            if (champion is not null)
            {
                if (ModelFit.Mismatch(champion, profile) is not { } reason)
                {
                    continue;
                }

                logger.ModelDoesNotFitProfile(champion.Name, champion.Version, reason);
            }

            var version = await NextVersionAsync(profile.Name, cancellationToken).ConfigureAwait(false);
            var started = Stopwatch.GetTimestamp();
            var model = BootstrapTrainer.Train(profile, seed, version);
            logger.BootstrapModelTrained(model.Name, model.Version, Stopwatch.GetElapsedTime(started).TotalMilliseconds, model.Threshold);
            await AddChampionAsync(model, BootstrapAuthor, champion?.Version, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The champion, or null when the model has none. Loaded once per version.</summary>
    public async Task<ModelSnapshot?> GetChampionAsync(string name, CancellationToken cancellationToken)
    {
        var version = await reader.ReadAsync(transaction => ModelRows.Champion(transaction, name), cancellationToken).ConfigureAwait(false);
        return version is null ? null : await LoadAsync(name, version, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A version, from memory after the first time.</summary>
    /// <exception cref="KeyNotFoundException">There is no such version.</exception>
    /// <exception cref="FileNotFoundException">Its file is not in the store.</exception>
    /// <exception cref="ModelFileException">Its file is not what was registered.</exception>
    public async Task<ModelSnapshot> LoadAsync(string name, string version, CancellationToken cancellationToken)
    {
        if (_loaded.TryGetValue((name, version), out var model))
        {
            return model;
        }

        var row = await reader.ReadAsync(transaction => ModelRows.File(transaction, name, version), cancellationToken).ConfigureAwait(false)
            ?? throw new KeyNotFoundException($"Model {name} has no version {version}.");
        var file = await ReadAsync(row.ObjectKey, cancellationToken).ConfigureAwait(false);
        model = ModelFile.Read(file);
        return model.Sha256 == row.Sha256
            ? _loaded.GetOrAdd((name, version), model)
            : throw new ModelFileException($"The file {row.ObjectKey} is not the one that was registered as {name} version {version}.");
    }

    /// <summary>Makes a foreign model file the champion of a profile, as its next version.</summary>
    /// <param name="by">Who did it, for the registry.</param>
    /// <exception cref="ModelFileException">The file cannot be used, or does not fit the profile.</exception>
    public async Task<ModelSnapshot> ImportAsync(SensorProfile profile, ReadOnlyMemory<byte> file, string by, CancellationToken cancellationToken)
    {
        var foreign = ModelFit.Align(ModelFile.Read(file.Span), profile);
        while (true)
        {
            var champion = await GetChampionAsync(profile.Name, cancellationToken).ConfigureAwait(false);
            var version = await NextVersionAsync(profile.Name, cancellationToken).ConfigureAwait(false);
            var model = ModelFile.Seal(foreign with { Card = foreign.Card with { Name = profile.Name, Version = version } });
            if (await AddChampionAsync(model, by, champion?.Version, cancellationToken).ConfigureAwait(false))
            {
                logger.ModelImported(model.Name, model.Version, by);
                return model;
            }
        }
    }

    /// <summary>False when another host was faster with this version or with the champion; then theirs stands.</summary>
    private async Task<bool> AddChampionAsync(ModelSnapshot model, string by, string? replaced, CancellationToken cancellationToken)
    {
        var key = $"{lake.Value.System}/models/{model.Name}/{model.Version}-{model.Sha256[..16]}.model";
        await store.PutAsync(key, ModelFile.Write(model), cancellationToken).ConfigureAwait(false);
        var now = DbTime.From(time.GetUtcNow());
        return await writer.WriteAsync(transaction => ModelRows.InsertChampion(transaction, model, key, by, replaced, now), cancellationToken).ConfigureAwait(false);
    }

    private Task<string> NextVersionAsync(string name, CancellationToken cancellationToken) =>
        reader.ReadAsync(transaction => ModelRows.NextVersion(transaction, name), cancellationToken);

    private async Task<byte[]> ReadAsync(string key, CancellationToken cancellationToken)
    {
        await using var stream = await store.OpenReadAsync(key, cancellationToken).ConfigureAwait(false);
        var file = new byte[stream.Length];
        await stream.ReadExactlyAsync(file, cancellationToken).ConfigureAwait(false);
        return file;
    }
}
