using System.Collections.Immutable;
using System.Globalization;
using IotAnalytics.Core.Modeling.Detectors;
using IotAnalytics.Core.Modeling.Drift;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Training.Episodes;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Training;

/// <summary>What a candidate is trained with, beside its readings.</summary>
/// <param name="FromMs">Begin of the window, event time.</param>
/// <param name="ToMs">End of the window, event time, exclusive.</param>
/// <param name="Champion">Helps to find faults; null: none that was trained on readings of this profile.</param>
/// <param name="Memory">Of the champion; empty at first.</param>
internal sealed record CandidateRequest(
    SensorProfile Profile, long FromMs, long ToMs, long Seed, TrainingExclusions Exclusions, ModelSnapshot? Champion, LevelMemory Memory);

/// <summary>A model that was trained.</summary>
/// <param name="Model">Its version is given by the registry.</param>
/// <param name="Memory">For the training after this.</param>
internal sealed record TrainedCandidate(ModelSnapshot Model, LevelMemory Memory);

/// <summary>
/// Makes a model of a profile from readings of the lake, chunk after chunk of one read, in memory that does not depend on their number. The same
/// readings and the same request give the same model. The threshold is that of the target alarm rate on rows that did not grow the model.
/// </summary>
internal sealed class CandidateTrainer
{
    /// <summary>Reasons for not learning from a reading, as the card names them.</summary>
    public const string Confirmed = "confirmed";
    public const string Period = "period";
    public const string WarmingUp = "warming_up";
    public const string NotScorable = "not_scorable";
    public const string FaultEpisode = "fault_episode";

    private const int ExplanationRows = 16;

    /// <summary>Fault episodes that the card names.</summary>
    private const int MaxEpisodes = 100;

    /// <summary>Rows that are scored in one go: between them training can be cancelled.</summary>
    private const int ScoredAtOnce = 8_192;

    private readonly CandidateRequest _request;
    private readonly SensorFeatures _features;
    private readonly TrainingSample _sample;
    private readonly SensorLevels _levels;
    private readonly bool[] _own;
    private readonly SortedDictionary<string, long> _excluded = new(StringComparer.Ordinal);
    private readonly SortedDictionary<(int Source, int Partition), long> _watermark = [];
    private IReadOnlyList<string> _sensors = [];

    public CandidateTrainer(CandidateRequest request)
    {
        _request = request;
        _features = new SensorFeatures(request.Profile);
        _sample = new TrainingSample(_features.Features.Count, request.Profile.Measurements.Length, request.Seed);
        _levels = new SensorLevels(request.Profile.Measurements.Length, request.Profile.ExpectedInterval, request.FromMs, request.ToMs);
        _own = [.. Enumerable.Range(0, _features.Features.Count).Select(_features.Features.IsOwn)];
    }

    /// <summary>Readings added.</summary>
    public long Readings { get; private set; }

    /// <summary>Takes the next readings of the window.</summary>
    public void Add(ReadingColumns readings)
    {
        _sensors = readings.Sensors;
        _watermark[(readings.SourceId, readings.Partition)] = readings.Offset[^1];
        Readings += readings.Rows;
        var table = _features.Compute(readings, out var isSettled);
        var flagged = Flagged(table);
        for (var row = 0; row < readings.Rows; row++)
        {
            var reason = Reason(readings, table, row, isSettled[row]);
            _sample.Offer(readings, table, row, reason is not null);
            if (reason is not null)
            {
                Exclude(reason, 1);
            }

            if (reason == Confirmed)
            {
                _levels.AddConfirmed(readings, row, _sensors.Count);
            }
            else if (reason != Period)
            {
                _levels.Add(readings, row, _sensors.Count, flagged[row], _request.Exclusions.IsDismissed(readings, row), isOffered: reason is null);
            }
        }
    }

    /// <summary>The candidate.</summary>
    /// <exception cref="TrainingException">Too few readings are left; the message names the numbers.</exception>
    public TrainedCandidate Finish(CancellationToken cancellationToken)
    {
        var found = EpisodeFinder.Find(_levels, _sensors, _request.Memory, _request.Profile.Detectors[0].TargetAlarmRate);
        Exclude(FaultEpisode, found.Rows);
        var (growing, reference) = _sample.Take(_sensors, (sensor, eventMs) => !found.Covers(sensor, eventMs));
        var rate = _request.Profile.Detectors[0].TargetAlarmRate;
        Check(growing.Features.Rows, reference.Features.Rows, rate);
        var profile = _request.Profile;
        var medians = growing.Features.Medians();
        ModelCardBins?[] bins = [.. reference.Features.Columns.Select(c => StabilityIndex.BinsOf(c.Select(v => (double)v)))];
        growing.Features.Impute(medians);
        reference.Features.Impute(medians);
        var background = BackgroundRows.Of(profile, _features.Features, BackgroundRows.Count(growing.Features.Rows), _request.Seed);
        background.Impute(medians);
        var detector = ProfileDetector.Train(
            profile, _features.Features, FeatureTable.Concat(growing.Features, background), growing.Features, reference.Features, _request.Seed, threads: 1, cancellationToken);
        var scores = Score(detector, reference.Features, cancellationToken);
        var ascending = scores.Order().ToArray();
        var threshold = new ModelCardThreshold(Thresholds.ByAlarmRate(ascending, rate), ModelCardThreshold.AlarmRate, rate);
        var ranges = ReferenceRanges.Of(profile, reference.Values);
        var model = new ModelSnapshot
        {
            Card = new ModelCard
            {
                Name = profile.Name,
                Version = "0",
                Kind = detector.Kind,
                Source = "readings of the lake",
                Window = $"{Time(_request.FromMs)} to {Time(_request.ToMs)}",
                TrainingRows = growing.Features.Rows,
                ReferenceRows = reference.Features.Rows,
                Seed = _request.Seed,
                Parameters = DetectorParameters.Of(detector).Add("background_rows", background.Rows),
                Features = [.. profile.Features.Select((f, i) => new ModelCardFeature(f.Name, f.Expression, medians[i], bins[i]))],
                Measurements = [.. profile.Measurements.Select((m, i) => new ModelCardMeasurement(m.Name, m.Unit, ranges[i].P1, ranges[i].P99))],
                Threshold = threshold,
                Evaluation = ImmutableSortedDictionary<string, double>.Empty
                    .Add("readings", Readings).Add("reference_alarm_rate", (double)ascending.Count(s => s > threshold.Value) / ascending.Length),
                Sensors = _sensors.Count,
                Champion = _request.Champion?.Version,
                Memory = found.Memory.Hash(),
                FaultEpisodes = [.. found.Episodes.Take(MaxEpisodes).Select(e => new ModelCardEpisode(_sensors[e.Sensor], Time(e.FromMs), Time(e.ToMs)))],
                Excluded = _excluded.ToImmutableSortedDictionary(StringComparer.Ordinal),
                Watermark = [.. _watermark.Select(w => new ModelCardWatermark(w.Key.Source, w.Key.Partition, w.Value))],
                ScoringPath = (detector as IsolationForest)?.ScoringPath,
            },
            Detector = detector,
            Threshold = threshold.Value,
            FeatureNames = [.. profile.Features.Select(f => f.Name)],
            FeatureMedians = medians,
            MeasurementNames = [.. profile.Measurements.Select(m => m.Name)],
            ExpectedRanges = ranges,
            ReferenceScores = ascending,
            ReferenceRows = Unremarkable(reference.Values, scores, ascending[ascending.Length / 2], ranges),
        };
        return new TrainedCandidate(model, found.Memory);
    }

    private void Exclude(string reason, long rows)
    {
        if (rows > 0)
        {
            _excluded[reason] = _excluded.GetValueOrDefault(reason) + rows;
        }
    }

    /// <summary>What the champion flags; nothing without one.</summary>
    private bool[] Flagged(FeatureTable table)
    {
        var flagged = new bool[table.Rows];
        if (_request.Champion is { } champion)
        {
            var features = table.Slice(0, table.Rows);
            features.Impute(champion.FeatureMedians);
            var scores = features.Score(champion.Detector);
            for (var row = 0; row < flagged.Length; row++)
            {
                flagged[row] = scores[row] > champion.Threshold;
            }
        }

        return flagged;
    }

    private string? Reason(ReadingColumns readings, FeatureTable table, int row, bool isSettled)
    {
        if (_request.Exclusions.IsConfirmed(readings, row))
        {
            return Confirmed;
        }

        if (_request.Exclusions.IsInPeriod(readings, row))
        {
            return Period;
        }

        if (!isSettled)
        {
            return WarmingUp;
        }

        var missing = 0;
        for (var f = 0; f < _own.Length; f++)
        {
            missing += _own[f] && float.IsNaN(table.Columns[f][row]) ? 1 : 0;
        }

        return missing * 2 > _features.Features.OwnCount ? NotScorable : null;
    }

    private void Check(int growing, int reference, double rate)
    {
        if (Thresholds.IsEnough(reference, rate) && growing >= 2)
        {
            return;
        }

        if (!Thresholds.IsEnough(_sample.ReferenceCapacity, rate))
        {
            throw new TrainingException(string.Create(CultureInfo.InvariantCulture,
                $"The target alarm rate {rate} needs {Thresholds.RowsNeeded(rate):F0} reference rows (10 / rate); a training keeps {_sample.ReferenceCapacity}."));
        }

        var excluded = string.Join(", ", _excluded.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Value} {e.Key}")));
        throw new TrainingException(string.Create(CultureInfo.InvariantCulture,
            $"The target alarm rate {rate} needs {Thresholds.RowsNeeded(rate):F0} reference rows (10 / rate); there are {reference}, and {growing} to grow the model: the window from "
            + $"{Time(_request.FromMs)} to {Time(_request.ToMs)} has {Readings} readings, of which are excluded: {(excluded.Length == 0 ? "none" : excluded)}."));
    }

    private static double[] Score(IAnomalyDetector detector, FeatureTable table, CancellationToken cancellationToken)
    {
        var scores = new double[table.Rows];
        for (var first = 0; first < table.Rows; first += ScoredAtOnce)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var part = table.Slice(first, Math.Min(ScoredAtOnce, table.Rows - first));
            detector.Score(part.Columns, part.Rows, scores.AsSpan(first));
        }

        return scores;
    }

    /// <summary>Rows to explain with, from all over the reference; a missing value is the middle of its usual range.</summary>
    private static double[][] Unremarkable(double[][] values, double[] scores, double median, ExpectedRange[] ranges)
    {
        int[] usual = [.. Enumerable.Range(0, scores.Length).Where(r => scores[r] <= median)];
        var rows = new double[Math.Min(ExplanationRows, usual.Length)][];
        for (var i = 0; i < rows.Length; i++)
        {
            var row = usual[(int)((long)i * usual.Length / rows.Length)];
            rows[i] = [.. values.Select((v, m) => double.IsNaN(v[row]) ? (ranges[m].P1 + ranges[m].P99) / 2 : v[row])];
        }

        return rows;
    }

    private static string Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
