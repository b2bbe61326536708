using System.Data.Common;
using System.Globalization;
using IotAnalytics.Core.Diagnostics;
using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Modeling.Training.Runs;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Readings.Features;
using IotAnalytics.Core.Scoring;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>Judges a version against the champion on the newest readings of the lake, and stores the report. One at a time on a host.</summary>
internal sealed class CandidateGate(
    ModelRegistry registry,
    ProfileCatalog profiles,
    ProfileReadingsQuery query,
    DatabaseReader reader,
    DatabaseWriter writer,
    LevelMemories memories,
    IOptions<TrainingPolicies> policies,
    TimeProvider time,
    ILogger<CandidateGate> logger) : IDisposable
{
    /// <summary>Of the choice of sensors, the faults and the bootstrap: the same for every candidate, so that their reports can be compared.</summary>
    private const long Seed = 42;

    private readonly GatePeriodReader _periods = new(query);
    private readonly GateTrials _trials = new(query, time);
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>The same by itself, for nobody.</summary>
    public Task<(long Id, GateReport Report)> JudgeAsync(string name, string version, CancellationToken cancellationToken) =>
        JudgeAsync(name, version, together: null, cancellationToken);

    /// <param name="together">Done in the transaction that stores the report, with its number.</param>
    /// <exception cref="KeyNotFoundException">There is no such model or version.</exception>
    /// <exception cref="ModelRefusedException">There is nothing to compare: the version is the champion, or there is none.</exception>
    public async Task<(long Id, GateReport Report)> JudgeAsync(
        string name, string version, Action<DbTransaction, long, GateReport>? together, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using var span = IotTracing.Source.StartActivity("gate");
            span?.SetTag("iot.model", name).SetTag("iot.version", version);
            var started = time.GetTimestamp();
            var candidate = await registry.LoadAsync(name, version, cancellationToken).ConfigureAwait(false);
            var champion = await registry.GetChampionAsync(name, cancellationToken).ConfigureAwait(false)
                ?? throw new ModelRefusedException($"{name} has no champion to compare with.");
            if (champion.Version == version)
            {
                throw new ModelRefusedException($"Version {version} of {name} is the champion: there is nothing to compare it with.");
            }

            var profile = profiles.Profiles.FirstOrDefault(p => p.Name == name) ?? throw new ModelRefusedException($"There is no profile {name} for the model any more.");
            var report = await CompareAsync(profile, candidate, champion, cancellationToken).ConfigureAwait(false);
            var id = await writer.WriteAsync(
                transaction =>
                {
                    var row = GateRows.Insert(transaction, report, new DbTime(transaction.Now(time)));
                    together?.Invoke(transaction, row, report);
                    return row;
                },
                cancellationToken).ConfigureAwait(false);
            logger.CandidateJudged(
                name, version, champion.Version, report.VerdictName, report.Findings.IsEmpty ? "nothing against it" : string.Join("; ", report.Findings.Select(f => f.Text)),
                time.GetElapsedTime(started).TotalSeconds);
            return (id, report);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task<GateReport> CompareAsync(SensorProfile profile, ModelSnapshot candidate, ModelSnapshot champion, CancellationToken cancellationToken)
    {
        var report = new GateReport
        {
            Name = profile.Name,
            Version = candidate.Version,
            Champion = champion.Version,
            ChampionIsBootstrap = champion.Card.Source == BootstrapTrainer.Source,
            CreatedAt = time.GetUtcNow().UtcDateTime,
            TargetAlarmRate = profile.Detectors[0].TargetAlarmRate,
        };
        if (ModelFit.Mismatch(candidate, profile) is { } mismatch)
        {
            return GateRules.Unfit(report, $"it cannot score the profile: {mismatch}");
        }

        if (ModelFit.Mismatch(champion, profile) is { } unfit)
        {
            return GateRules.Unfit(report, $"there is nothing to compare it with: the champion cannot score the profile ({unfit})");
        }

        if (await query.NewestEventTimeAsync(profile.Name, cancellationToken).ConfigureAwait(false) is not { } newest)
        {
            return GateRules.Unfit(report, "there are no readings to judge it on");
        }

        var run = await reader.ReadAsync(t => GateRows.Run(t, profile.Name, candidate.Version), cancellationToken).ConfigureAwait(false);
        var toMs = Math.Max(Ms(newest) + 1, run?.ToMs ?? 0);
        var fromMs = run?.FromMs ?? toMs - (long)policies.Value.Of(profile.Name).Window.TotalMilliseconds;
        var (exclusions, judged) = await reader.ReadAsync(
            t => (ExclusionRows.Read(t, profile.Name, fromMs, toMs), GateRows.JudgedSensors(t, profile.Name, fromMs, toMs)), cancellationToken).ConfigureAwait(false);
        var chunks = await _periods.ReadAsync(profile, fromMs, toMs, judged, Seed, GatePeriodReader.MaxRows, cancellationToken).ConfigureAwait(false);
        if (chunks.Count == 0)
        {
            return GateRules.Unfit(report, "there are no committed readings to judge it on");
        }

        var block = new TimeBlock(chunks.Min(c => c.EventMs.Min()), chunks.Max(c => c.EventMs.Max()) + 1);
        var helper = champion.Card.Threshold.Rule == ModelCardThreshold.AlarmRate ? champion : null;
        var trials = run is var (windowFrom, windowTo, seed)
            ? await _trials.GrowAsync(
                new CandidateRequest(
                    profile, windowFrom, windowTo, seed, exclusions, helper, await memories.LoadAsync(profile, cancellationToken).ConfigureAwait(false)),
                block, cancellationToken).ConfigureAwait(false)
            : [];

        // A thread of its own: those of the pool are the pipeline's.
        return await Task.Factory.StartNew(
            () => Measure(report, profile, chunks, candidate, champion, trials, exclusions), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .ConfigureAwait(false);
    }

    private static GateReport Measure(
        GateReport report, SensorProfile profile, List<ReadingColumns> chunks, ModelSnapshot candidate, ModelSnapshot champion, IReadOnlyList<GateTrial> trials,
        TrainingExclusions exclusions)
    {
        var features = new FeatureSet(profile, new ProfileCatalog([profile]));
        var withFaults = exclusions with { Periods = [.. exclusions.Periods, .. (candidate.Card.FaultEpisodes ?? []).Select(Excluded)] };
        var period = ReplayedPeriod.Of(
            features, profile.Measurements.Length, chunks, (chunk, row) => !exclusions.IsConfirmed(chunk, row) && !withFaults.IsInPeriod(chunk, row));
        bool? IsConfirmed(ReadingIdentity row) => exclusions.Confirmed.Contains(row) ? true : exclusions.Dismissed.Contains(row) ? false : null;
        report = report with
        {
            Period = new GatePeriod(
                Time(period.EventMs.Min()), Time(period.EventMs.Max()), period.Rows.Length, period.IsJudged.Count(j => j), period.Series.Length, Seed),
        };
        return GateRules.Decide(GateMeasurement.Measure(report, period, candidate, champion, trials, IsConfirmed, Seed));
    }

    private static ExcludedPeriod Excluded(ModelCardEpisode episode)
    {
        static long At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
        return new ExcludedPeriod(episode.SensorId, At(episode.From), At(episode.To));
    }

    private static DateTime Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime;

    private static long Ms(DateTime time) => (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond;
}
