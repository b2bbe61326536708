using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Modeling.Training.Runs;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.Modeling.Drift;

/// <summary>
/// Measures how far the readings have gone from those that the champion was trained on, and queues a training run when they have: at most one a day of a
/// model. It never promotes. Used by one thread.
/// </summary>
internal sealed class DriftWatch(
    ModelRegistry registry,
    ProfileCatalog profiles,
    ProfileReadingsQuery query,
    TrainingRuns runs,
    DatabaseReader reader,
    DatabaseWriter writer,
    TimeProvider time,
    ILogger<DriftWatch> logger)
{
    private readonly DriftDays _days = new(query, time);
    private readonly Dictionary<string, (string Version, ShiftWatch? Shifts)> _shifts = [];

    /// <summary>Looks at every model.</summary>
    public async Task MeasureAllAsync(CancellationToken cancellationToken)
    {
        foreach (var profile in profiles.Profiles)
        {
            try
            {
                await MeasureAsync(profile, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Whatever it is, it must not end the host, nor keep the other models from being watched.
                logger.DriftNotMeasured(profile.Name, e);
            }
        }
    }

    /// <summary>Measures the days that are over and not measured yet, and goes on with the charts.</summary>
    public async Task MeasureAsync(SensorProfile profile, CancellationToken cancellationToken)
    {
        if (await registry.GetChampionAsync(profile.Name, cancellationToken).ConfigureAwait(false) is not { } model
            || ModelFit.Mismatch(model, profile) is not null
            || DriftDays.Unmeasurable(model) is not null
            || await query.NewestEventTimeAsync(profile.Name, cancellationToken).ConfigureAwait(false) is not { } newest
            || await reader.ReadAsync(t => DriftRows.Version(t, profile.Name, model.Version), cancellationToken).ConfigureAwait(false) is not var (_, ofRun))
        {
            return;
        }

        var newestMs = Ms(newest);
        // The first day that the version has learned nothing of.
        var unseenMs = ofRun is var (_, end) ? (end + DriftDays.DayMs - 1) / DriftDays.DayMs * DriftDays.DayMs : 0;
        var firstMs = Math.Max(newestMs - newestMs % DriftDays.DayMs - DriftDays.MaxDays * DriftDays.DayMs, unseenMs);
        await MeasureDaysAsync(profile, model.Version, firstMs, newestMs, cancellationToken).ConfigureAwait(false);
        if (ofRun is var (windowFromMs, windowToMs))
        {
            var shifts = await ShiftsAsync(profile, model.Version, windowFromMs, windowToMs, newestMs, cancellationToken).ConfigureAwait(false);
            var alarms = shifts is null ? [] : await shifts.AdvanceAsync(query, newestMs, cancellationToken).ConfigureAwait(false);
            if (alarms.Count > 0)
            {
                await StoreAsync(profile.Name, model.Version, alarms, cancellationToken).ConfigureAwait(false);
                DriftMeter.Alarms.Add(alarms.Count, new KeyValuePair<string, object?>("model", profile.Name));
                await DriftedAsync(
                    profile.Name, model.Version, $"{alarms[^1].Feature} shifted at {Time(alarms[^1].TimeMs):yyyy-MM-dd HH:mm} UTC", cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task MeasureDaysAsync(SensorProfile profile, string version, long firstMs, long newestMs, CancellationToken cancellationToken)
    {
        var model = await registry.LoadAsync(profile.Name, version, cancellationToken).ConfigureAwait(false);
        var days = await reader.ReadAsync(t => DriftRows.Days(t, profile.Name, version, firstMs), cancellationToken).ConfigureAwait(false);
        var isNew = false;
        for (var dayMs = firstMs; dayMs + DriftDays.DayMs <= newestMs; dayMs += DriftDays.DayMs)
        {
            if (days.ContainsKey(dayMs))
            {
                continue;
            }

            var measured = await _days.MeasureAsync(profile, model, dayMs, cancellationToken).ConfigureAwait(false);
            await StoreAsync(profile.Name, version, measured, cancellationToken).ConfigureAwait(false);
            days[dayMs] = measured.Where(m => m.Method == DriftRows.Psi).ToDictionary(m => m.Feature, m => m.Value);
            isNew = true;
            foreach (var one in measured.Where(m => m.Method == DriftRows.Psi))
            {
                DriftMeter.Index.Record(one.Value, new KeyValuePair<string, object?>("model", profile.Name), new KeyValuePair<string, object?>("feature", one.Feature));
            }
        }

        if (isNew && DriftDays.Drifting(days) is { Count: > 0 } drifting)
        {
            await DriftedAsync(profile.Name, version, $"{string.Join(", ", drifting)} changed on two days", cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<ShiftWatch?> ShiftsAsync(
        SensorProfile profile, string version, long windowFromMs, long windowToMs, long newestMs, CancellationToken cancellationToken)
    {
        if (_shifts.TryGetValue(profile.Name, out var known) && known.Version == version)
        {
            return known.Shifts;
        }

        var model = await registry.LoadAsync(profile.Name, version, cancellationToken).ConfigureAwait(false);
        // A host that starts looks a day back: what was an alarm then has the same time and is stored once.
        var shifts = await ShiftWatch.CreateAsync(
            query, profile, model, windowFromMs, windowToMs, Math.Max(windowToMs, newestMs - DriftDays.DayMs), cancellationToken).ConfigureAwait(false);
        if (shifts is null)
        {
            logger.NotCharted(profile.Name, version, CusumDesign.FewestRows);
        }

        _shifts[profile.Name] = (version, shifts);
        return shifts;
    }

    private Task StoreAsync(string name, string version, IReadOnlyList<DriftMeasured> measured, CancellationToken cancellationToken) => writer.WriteAsync(
        transaction =>
        {
            DriftRows.Insert(transaction, measured, name, version, new DbTime(transaction.Now(time)));
            return true;
        },
        cancellationToken);

    private async Task DriftedAsync(string name, string version, string what, CancellationToken cancellationToken)
    {
        var run = await runs.EnqueueAsync(
            name, TrainingReason.Drift, TrainingReason.Drift, from: null, to: null, seed: null, together: null, cancellationToken).ConfigureAwait(false);
        logger.Drifted(name, version, what, run.IsNew ? $"training run {run.RunId} is queued" : "a run of today or one that is open stands for it");
    }

    private static long Ms(DateTime time) => (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond;

    private static DateTime Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime;
}
