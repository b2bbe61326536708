using IotAnalytics.Core.Lake.Queries;
using IotAnalytics.Core.Modeling.Gate;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Drift;

/// <summary>
/// The charts of one version's features and running score, over some whole sensors in the order of event time. Calibrated on the end of the version's own training window, where the plant is in
/// control by definition. Used by one thread.
/// </summary>
internal sealed class ShiftWatch
{
    /// <summary>Rows of the calibration, and of one reading of what is new, at most.</summary>
    private const int MaxRows = 100_000;

    private const long Seed = 42;

    /// <summary>After an alarm the chart is silent for an hour of event time: one shift is one alarm an hour.</summary>
    private const long SilenceMs = 3_600_000;

    /// <summary>Partitions do not run side by side to the second.</summary>
    private const long SettleMs = 60_000;

    private readonly SensorProfile _profile;
    private readonly ModelSnapshot _model;
    private readonly HashSet<string> _sensors;
    private readonly ShiftCharts _charts;
    private long _nextMs;
    private long _silentUntilMs = long.MinValue;
    private int _rows;

    private ShiftWatch(SensorProfile profile, ModelSnapshot model, HashSet<string> sensors, ShiftCharts charts, long nextMs)
    {
        (_profile, _model, _sensors, _charts, _nextMs) = (profile, model, sensors, charts, nextMs);
    }

    /// <summary>Null when the window has too few rows to say how the feed swings.</summary>
    /// <param name="fromMs">The chart begins there, event time, at the earliest.</param>
    public static async Task<ShiftWatch?> CreateAsync(
        ProfileReadingsQuery query, SensorProfile profile, ModelSnapshot model, long windowFromMs, long windowToMs, long fromMs, CancellationToken cancellationToken)
    {
        var chunks = await new GatePeriodReader(query).ReadAsync(profile, windowFromMs, windowToMs, [], Seed, MaxRows, cancellationToken).ConfigureAwait(false);
        var rows = new List<ShiftRow>();
        var features = new SensorFeatures(profile);
        chunks.ForEach(chunk => Score(model, features, chunk, rows));
        if (rows.Count < CusumDesign.FewestRows)
        {
            return null;
        }

        HashSet<string> sensors = [.. chunks.SelectMany(c => c.Sensor.Select(s => c.Sensors[s]))];
        return new ShiftWatch(profile, model, sensors, ShiftCharts.Calibrate([.. InOrder(rows)], PauseMs(profile)), fromMs);
    }

    /// <summary>Takes what has come since the last time; returns the alarms.</summary>
    /// <param name="newestMs">The newest event time of the profile.</param>
    public async Task<IReadOnlyList<DriftMeasured>> AdvanceAsync(ProfileReadingsQuery query, long newestMs, CancellationToken cancellationToken)
    {
        var toMs = newestMs - SettleMs;
        if (toMs <= _nextMs)
        {
            return [];
        }

        var features = new SensorFeatures(_profile);
        var rows = new List<ShiftRow>();
        // Features of a history need readings from before.
        var before = features.Features.StateSlots == 0 ? 0 : (long)(2 * ReadingRules.WarmUpReadings * _profile.ExpectedInterval.TotalMilliseconds);
        await foreach (var chunk in query.ReadAsync(_profile, Time(_nextMs - before), Time(toMs), cancellationToken).ConfigureAwait(false))
        {
            if (chunk.Of(_sensors) is { Rows: > 0 } own)
            {
                Score(_model, features, own, rows);
            }
        }

        var alarms = new List<DriftMeasured>();
        foreach (var row in InOrder(rows).Where(r => r.EventMs >= _nextMs))
        {
            _rows++;
            if (_charts.Add(row) is not { } alarm || row.EventMs < _silentUntilMs)
            {
                continue;
            }

            var feature = alarm.Stream < _model.FeatureNames.Length ? _model.FeatureNames[alarm.Stream] : DriftRows.Score;
            alarms.Add(new DriftMeasured(DriftRows.Cusum, feature, row.EventMs, alarm.Height, alarm.Limit, _rows));
            (_silentUntilMs, _rows) = (row.EventMs + SilenceMs, 0);
        }

        _nextMs = toMs;
        return alarms;
    }

    private static void Score(ModelSnapshot model, SensorFeatures features, ReadingColumns chunk, List<ShiftRow> into)
    {
        var table = features.Compute(chunk, out var isSettled);
        var complete = table.Slice(0, table.Rows);
        complete.Impute(model.FeatureMedians);
        var scores = complete.Score(model.Detector);
        for (var r = 0; r < chunk.Rows; r++)
        {
            if (isSettled[r] && (chunk.Flags[r] & ReadingFlags.NotScored) == 0)
            {
                into.Add(new ShiftRow(
                    chunk.Sensors[chunk.Sensor[r]], chunk.EventMs[r], [.. table.Columns.Select(c => (double)c[r]), NormalScores.Of(scores[r], model.ReferenceScores)]));
            }
        }
    }

    /// <summary>By event time; readings of one moment stay in the order of the stream.</summary>
    private static IEnumerable<ShiftRow> InOrder(List<ShiftRow> rows) => rows.OrderBy(r => r.EventMs);

    /// <summary>Longer than an hour, or than thirty readings take.</summary>
    private static long PauseMs(SensorProfile profile) => Math.Max(SilenceMs, (long)(30 * profile.ExpectedInterval.TotalMilliseconds));

    private static DateTime Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime;
}
