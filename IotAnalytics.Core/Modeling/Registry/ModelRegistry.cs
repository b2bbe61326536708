using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Modeling.Registry;

/// <summary>
/// Models, their immutable versions, and the champion and the shadow of each. The database says what exists, the lake store holds the files. A file
/// is put before its rows are inserted and its key holds its hash, so that a crash leaves at most an unused file and two hosts never overwrite
/// each other. Safe for many threads and hosts: what changes a model holds its row. Plain SQL throughout: a start does not wait for EF Core.
/// </summary>
internal sealed class ModelRegistry(
    DatabaseReader reader,
    DatabaseWriter writer,
    ILakeStore store,
    ProfileCatalog profiles,
    IOptions<LakeOptions> lake,
    IOptions<ModelingOptions> options,
    TimeProvider time,
    ILogger<ModelRegistry> logger)
{
    /// <summary>More would make it the champion.</summary>
    public const double MaxShadowShare = SensorSplit.MostShare;

    private const string BootstrapAuthor = "bootstrap";

    private readonly LoadedModels _loaded = new();
    private readonly Dictionary<string, ModelSnapshot> _ahead = new(StringComparer.Ordinal);

    /// <summary>Grows the first model of every profile, to be at hand when <see cref="EnsureBootstrapAsync(ProfileCatalog, CancellationToken)"/> finds that there is none. Called before it, once.</summary>
    public void TrainAhead(ProfileCatalog catalog)
    {
        foreach (var profile in catalog.Profiles)
        {
            _ahead[profile.Name] = Train(profile, options.Value.BootstrapSeed, BootstrapTrainer.FirstVersion);
        }
    }

    /// <summary>Gives every profile a champion that fits it, with the configured seed. Idempotent; hosts may race.</summary>
    public Task EnsureBootstrapAsync(ProfileCatalog catalog, CancellationToken cancellationToken) =>
        EnsureBootstrapAsync(catalog, options.Value.BootstrapSeed, cancellationToken);

    /// <inheritdoc cref="EnsureBootstrapAsync(ProfileCatalog, CancellationToken)"/>
    /// <param name="seed">Of the models trained now; versions that exist stay as they are.</param>
    public async Task EnsureBootstrapAsync(ProfileCatalog catalog, int seed, CancellationToken cancellationToken)
    {
        foreach (var profile in catalog.Profiles)
        {
            await DropUnfitShadowAsync(profile, cancellationToken).ConfigureAwait(false);
            var champion = await GetChampionAsync(profile.Name, cancellationToken).ConfigureAwait(false);
            if (champion is not null)
            {
                if (ModelFit.Mismatch(champion, profile) is not { } mismatch)
                {
                    continue;
                }

                logger.ModelDoesNotFitProfile(champion.Name, champion.Version, mismatch);
            }

            var version = await NextVersionAsync(profile.Name, cancellationToken).ConfigureAwait(false);
            var model = _ahead.Remove(profile.Name, out var ready) && version == ready.Version && seed == options.Value.BootstrapSeed ? ready : Train(profile, seed, version);
            var reason = champion is null ? "the first model of the profile" : "the champion does not fit the profile any more";
            await AddChampionAsync(model, BootstrapAuthor, reason, champion?.Version, cancellationToken).ConfigureAwait(false);
        }
    }

    private ModelSnapshot Train(SensorProfile profile, int seed, string version)
    {
        var started = Stopwatch.GetTimestamp();
        var model = BootstrapTrainer.Train(profile, seed, version);
        logger.BootstrapModelTrained(model.Name, model.Version, Stopwatch.GetElapsedTime(started).TotalMilliseconds, model.Threshold);
        return model;
    }

    /// <summary>The champion, or null when the model has none. Loaded once per version.</summary>
    public async Task<ModelSnapshot?> GetChampionAsync(string name, CancellationToken cancellationToken)
    {
        var version = await reader.ReadAsync(transaction => ModelRows.Champion(transaction, name), cancellationToken).ConfigureAwait(false);
        return version is null ? null : await LoadAsync(name, version, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The shadow and its share, or null when the model has none.</summary>
    public async Task<(ModelSnapshot Model, double Share)?> GetShadowAsync(string name, CancellationToken cancellationToken)
    {
        var shadow = await reader.ReadAsync(transaction => ModelRows.Shadow(transaction, name), cancellationToken).ConfigureAwait(false);
        return shadow is var (version, share) ? (await LoadAsync(name, version, cancellationToken).ConfigureAwait(false), share) : null;
    }

    /// <summary>A version, from memory after the first time.</summary>
    /// <exception cref="KeyNotFoundException">There is no such version.</exception>
    /// <exception cref="FileNotFoundException">Its file is not in the store.</exception>
    /// <exception cref="ModelFileException">Its file is not what was registered.</exception>
    public async Task<ModelSnapshot> LoadAsync(string name, string version, CancellationToken cancellationToken)
    {
        if (_loaded.Find(name, version) is { } loaded)
        {
            return loaded;
        }

        var row = await reader.ReadAsync(transaction => ModelRows.File(transaction, name, version), cancellationToken).ConfigureAwait(false)
            ?? throw new KeyNotFoundException($"Model {name} has no version {version}.");
        var file = await ReadAsync(row.ObjectKey, cancellationToken).ConfigureAwait(false);
        var model = ModelFile.Read(file);
        return model.Sha256 == row.Sha256
            ? _loaded.Keep(model)
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
            if (await AddChampionAsync(model, by, "imported from a file", champion?.Version, cancellationToken).ConfigureAwait(false))
            {
                logger.ModelImported(model.Name, model.Version, by);
                return model;
            }
        }
    }

    /// <summary>Adds a version under the next number and touches no alias.</summary>
    /// <param name="candidate">Its version and its hash are given here; its name is the model's.</param>
    /// <param name="by">Who did it.</param>
    /// <param name="trainingRunId">The run that made it, or null.</param>
    /// <param name="together">Done in the transaction that inserts the version, with its number; when it throws, there is no version.</param>
    /// <returns>The version as it was registered.</returns>
    public async Task<ModelSnapshot> AddVersionAsync(
        ModelSnapshot candidate, string by, long? trainingRunId, Action<DbTransaction, string>? together, CancellationToken cancellationToken)
    {
        while (true)
        {
            var version = await NextVersionAsync(candidate.Name, cancellationToken).ConfigureAwait(false);
            var model = ModelFile.Seal(candidate with { Card = candidate.Card with { Version = version } });
            var key = await PutAsync(model, cancellationToken).ConfigureAwait(false);
            var now = DbTime.From(time.GetUtcNow());
            var isAdded = await writer.WriteAsync(
                transaction =>
                {
                    AliasRows.LockOrAdd(transaction, model.Name, now);
                    if (!ModelRows.InsertVersion(transaction, model, key, by, trainingRunId, now))
                    {
                        return false;
                    }

                    together?.Invoke(transaction, version);
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
            if (isAdded)
            {
                logger.VersionAdded(model.Name, version, by);
                return model;
            }
        }
    }

    /// <inheritdoc cref="SetChampionAsync(string, string, string?, string, string, Action{DbTransaction, AliasChange}?, CancellationToken)"/>
    public Task<bool> SetChampionAsync(string name, string version, string? expectedPrevious, string by, string reason, CancellationToken cancellationToken) =>
        SetChampionAsync(name, version, expectedPrevious, by, reason, together: null, cancellationToken);

    /// <summary>Makes a version the champion: promotes it, or goes back to it. Hosts score with it from their next batches on.</summary>
    /// <param name="expectedPrevious">The champion that the caller decided on; null: whichever it is.</param>
    /// <param name="by">Who does it, for the history.</param>
    /// <param name="together">Done in the same transaction for every change that is made; for none when it is the champion already.</param>
    /// <returns>False, with nothing changed, when the champion is another than expected.</returns>
    /// <exception cref="KeyNotFoundException">There is no such version.</exception>
    /// <exception cref="ModelRefusedException">It cannot score the profile.</exception>
    public async Task<bool> SetChampionAsync(
        string name, string version, string? expectedPrevious, string by, string reason, Action<DbTransaction, AliasChange>? together, CancellationToken cancellationToken)
    {
        await EnsureFitsAsync(name, version, cancellationToken).ConfigureAwait(false);
        var changes = await ChangeAsync(
            name,
            aliases =>
            {
                if (expectedPrevious is not null && aliases.Champion != expectedPrevious)
                {
                    return false;
                }

                aliases.SetChampion(version, by, reason);
                return true;
            },
            together,
            cancellationToken).ConfigureAwait(false);
        Tell(name, changes, by, reason);
        return changes is not null;
    }

    /// <inheritdoc cref="SetShadowAsync(string, string?, double, string, string, Action{DbTransaction, AliasChange}?, CancellationToken)"/>
    public Task SetShadowAsync(string name, string? version, double share, string by, string reason, CancellationToken cancellationToken) =>
        SetShadowAsync(name, version, share, by, reason, together: null, cancellationToken);

    /// <summary>Makes a version the shadow, or removes the shadow.</summary>
    /// <param name="version">Null: no shadow any more.</param>
    /// <param name="share">Share of the sensors that it decides, 0 to <see cref="MaxShadowShare"/>.</param>
    /// <param name="by">Who does it, for the history.</param>
    /// <param name="together">Done in the same transaction for the change, if there is one.</param>
    /// <exception cref="KeyNotFoundException">There is no such model or version.</exception>
    /// <exception cref="ModelRefusedException">It cannot score the profile, is the champion, or the share is none.</exception>
    public async Task SetShadowAsync(
        string name, string? version, double share, string by, string reason, Action<DbTransaction, AliasChange>? together, CancellationToken cancellationToken)
    {
        if (!(share is >= 0 and <= MaxShadowShare))
        {
            throw new ModelRefusedException(string.Create(CultureInfo.InvariantCulture, $"The share of a shadow is 0 to {MaxShadowShare}, not {share}."));
        }

        if (version is not null)
        {
            await EnsureFitsAsync(name, version, cancellationToken).ConfigureAwait(false);
        }

        var changes = await ChangeAsync(
            name,
            aliases =>
            {
                if (version is not null && aliases.Champion == version)
                {
                    throw new ModelRefusedException($"Version {version} of {name} is the champion: it cannot be its own shadow.");
                }

                aliases.SetShadow(version, version is null ? 0 : share, by, reason);
                return true;
            },
            together,
            cancellationToken).ConfigureAwait(false);
        Tell(name, changes, by, reason);
    }

    /// <summary>Null when <paramref name="change"/> said no.</summary>
    private async Task<IReadOnlyList<AliasChange>?> ChangeAsync(
        string name, Func<AliasRows, bool> change, Action<DbTransaction, AliasChange>? together, CancellationToken cancellationToken)
    {
        var now = DbTime.From(time.GetUtcNow());
        return await writer.WriteAsync(
            transaction =>
            {
                var aliases = AliasRows.Lock(transaction, name, now);
                if (!change(aliases))
                {
                    return null;
                }

                foreach (var made in aliases.Changes)
                {
                    together?.Invoke(transaction, made);
                }

                return aliases.Changes;
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task EnsureFitsAsync(string name, string version, CancellationToken cancellationToken)
    {
        var model = await LoadAsync(name, version, cancellationToken).ConfigureAwait(false);
        var profile = profiles.Profiles.FirstOrDefault(p => p.Name == name) ?? throw new ModelRefusedException($"There is no profile {name} for the model any more.");
        if (ModelFit.Mismatch(model, profile) is { } reason)
        {
            throw new ModelRefusedException($"Version {version} of {name} does not fit the profile: {reason}.");
        }
    }

    private async Task DropUnfitShadowAsync(SensorProfile profile, CancellationToken cancellationToken)
    {
        if (await GetShadowAsync(profile.Name, cancellationToken).ConfigureAwait(false) is var (shadow, _) && ModelFit.Mismatch(shadow, profile) is { } reason)
        {
            logger.ShadowDoesNotFitProfile(shadow.Name, shadow.Version, reason);
            await SetShadowAsync(profile.Name, version: null, share: 0, BootstrapAuthor, "it does not fit the profile any more", cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>False when another host was faster with this version or with the champion; then theirs stands.</summary>
    private async Task<bool> AddChampionAsync(ModelSnapshot model, string by, string reason, string? replaced, CancellationToken cancellationToken)
    {
        var key = await PutAsync(model, cancellationToken).ConfigureAwait(false);
        var now = DbTime.From(time.GetUtcNow());
        return await writer.WriteAsync(
            transaction =>
            {
                var aliases = AliasRows.LockOrAdd(transaction, model.Name, now);
                if (aliases.Champion != replaced || !ModelRows.InsertVersion(transaction, model, key, by, trainingRunId: null, now))
                {
                    return false;
                }

                aliases.SetChampion(model.Version, by, reason);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Returns the key.</summary>
    private async Task<string> PutAsync(ModelSnapshot model, CancellationToken cancellationToken)
    {
        var key = $"{lake.Value.System}/models/{model.Name}/{model.Version}-{model.Sha256[..16]}.model";
        await store.PutAsync(key, ModelFile.Write(model), cancellationToken).ConfigureAwait(false);
        return key;
    }

    private void Tell(string name, IReadOnlyList<AliasChange>? changes, string by, string reason)
    {
        foreach (var change in changes ?? [])
        {
            logger.AliasChanged(change.Alias, name, change.Version ?? "none", change.Previous ?? "none", by, reason);
        }
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
