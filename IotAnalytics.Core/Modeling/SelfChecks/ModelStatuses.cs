using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using IotAnalytics.Core.Modeling.Training.Runs;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Modeling.SelfChecks;

/// <summary>Looks how the models are, from what the database knows: the same on every host. Safe for many threads.</summary>
internal sealed class ModelStatuses(DatabaseReader reader, ProfileCatalog profiles, IOptions<TrainingPolicies> policies, TimeProvider time)
{
    /// <summary>Share of the sensors seen within a day from which on their warming up is a finding.</summary>
    private const double MaxWarmingUp = 0.5;

    /// <summary>Readings of a measurement that must all be the same before it counts as constant.</summary>
    private const long MinConstantReadings = 200;

    /// <summary>The roll-ups of a look at constant measurements are about as many as these sensors make in a day.</summary>
    private const int SensorDays = 350;

    private const long HourMs = 3_600_000;
    private static readonly TimeSpan ConstantsKept = TimeSpan.FromHours(1);
    private readonly ConcurrentDictionary<(string Name, string? Champion), (long Taken, List<ModelFinding> Findings)> _constants = new();

    /// <summary>Every model and every profile, by name.</summary>
    public async Task<IReadOnlyList<ModelStatus>> ReadAsync(CancellationToken cancellationToken)
    {
        var (models, minutes, sensors) = await reader.ReadAsync(
            t => (ModelStatusRows.Models(t), ModelStatusRows.Minutes(t), ModelStatusRows.Sensors(t)), cancellationToken).ConfigureAwait(false);
        var missing = profiles.Profiles.Where(p => models.TrueForAll(m => m.Name != p.Name)).Select(p => new ModelRow(p.Name, null, 0, null, 0, IsFirst: true));
        var statuses = new List<ModelStatus>();
        foreach (var model in models.Concat(missing).OrderBy(m => m.Name, StringComparer.Ordinal))
        {
            var rate = RateOf(model, minutes[model.Name]);
            var sensorCount = sensors.GetValueOrDefault(model.Name);
            var findings = new List<ModelFinding>();
            findings.AddRange(Basics(model));
            findings.AddRange(Extreme(rate));
            findings.AddRange(TooOld(model));
            findings.AddRange(await ConstantsAsync(model, sensorCount, cancellationToken).ConfigureAwait(false));
            findings.AddRange(WarmingUp(sensorCount));
            statuses.Add(new ModelStatus(
                model.Name, model.Champion, model.Champion is null ? null : Utc(model.SinceMs), model.Champion is null ? null : time.GetUtcNow() - Utc(model.CreatedMs), rate, findings));
        }

        return statuses;
    }

    private IEnumerable<ModelFinding> Basics(ModelRow model)
    {
        if (profiles.IndexOf(model.Name) < 0)
        {
            yield return new ModelFinding(ModelCheck.NoProfile, "No profile bears its name: it scores nothing.");
        }
        else if (model.Champion is null)
        {
            yield return new ModelFinding(ModelCheck.NoModel, "The profile has no champion: its readings are not scored.");
        }
    }

    /// <summary>Of the readings since the champion became that, up to the newest minute.</summary>
    private static AlarmRate? RateOf(ModelRow model, IEnumerable<(long MinuteMs, AlarmCount Count)> minutes)
    {
        // History comes with record times from before there was any model.
        var since = model.IsFirst ? 0 : model.SinceMs;
        var own = minutes.Where(m => model.Champion is not null && m.MinuteMs >= since).ToList();
        var recent = Sum(own.Select(m => m.Count));
        if (recent.Scored == 0)
        {
            return null;
        }

        var begun = own[^1].MinuteMs / HourMs;
        var hours = own.GroupBy(m => m.MinuteMs / HourMs)
            .Where(h => h.Key < begun && h.Key * HourMs >= since)
            .Select(h => Sum(h.Select(m => m.Count))).Where(h => h.Scored > 0).ToList();
        var threshold = JsonSerializer.Deserialize(model.Card!, ModelCardJson.Default.ModelCard)!.Threshold;
        return new AlarmRate(threshold.Rate, threshold.Rule == ModelCardThreshold.AlarmRate, hours, recent);
    }

    private static IEnumerable<ModelFinding> Extreme(AlarmRate? rate)
    {
        if (rate?.Extreme is { } check)
        {
            yield return new ModelFinding(check, string.Create(
                CultureInfo.InvariantCulture,
                $"It flagged {rate.Total.Flagged} of {rate.Total.Scored} readings in {rate.Hours.Count} full hours, {rate.Total.Rate:0.####%}; it was made for {rate.Target:0.####%}."));
        }
    }

    private IEnumerable<ModelFinding> TooOld(ModelRow model)
    {
        var limit = policies.Value.Of(model.Name).MaxAge;
        if (model.Champion is not null && profiles.IndexOf(model.Name) >= 0 && time.GetUtcNow() - Utc(model.CreatedMs) is var age && age > limit)
        {
            yield return new ModelFinding(ModelCheck.TooOld, string.Create(
                CultureInfo.InvariantCulture, $"It was made {age.TotalDays:0.#} days ago; the limit is {limit.TotalDays:0.#} days."));
        }
    }

    private async Task<List<ModelFinding>> ConstantsAsync(ModelRow model, SensorCount sensors, CancellationToken cancellationToken)
    {
        var index = profiles.IndexOf(model.Name);
        if (index < 0)
        {
            return [];
        }

        var key = (model.Name, model.Champion);
        if (_constants.TryGetValue(key, out var known) && time.GetElapsedTime(known.Taken) < ConstantsKept)
        {
            return known.Findings;
        }

        var hours = Math.Clamp(24L * SensorDays / Math.Max(1, sensors.Sensors), 1, 24);
        var findings = await reader.ReadAsync(
            transaction =>
            {
                var found = new List<ModelFinding>();
                if (model.Champion is not null)
                {
                    Add(found, index, ModelStatusRows.ConstantInTraining(transaction, model.Name, model.Champion), "in the readings that the champion learned from");
                }

                if (sensors.Sensors > 0)
                {
                    Add(
                        found, index, ModelStatusRows.ConstantMeasurements(transaction, model.Name, sensors.NewestEventMs - hours * HourMs, MinConstantReadings),
                        hours == 1 ? "in all readings of the last hour" : string.Create(CultureInfo.InvariantCulture, $"in all readings of the last {hours} hours"));
                }

                return found;
            },
            cancellationToken).ConfigureAwait(false);
        _constants[key] = (time.GetTimestamp(), findings);
        return findings;
    }

    /// <summary>A feature is constant when all that it is computed from is.</summary>
    private void Add(List<ModelFinding> findings, int profile, Dictionary<string, double> constant, string where)
    {
        var (definition, features) = (profiles.Profiles[profile], profiles.FeaturesOf(profile));
        for (var f = 0; f < features.Count && constant.Count > 0; f++)
        {
            var uses = definition.Measurements.Where((_, m) => features.Uses(f, m)).Select(m => m.Name).ToList();
            if (uses.Count > 0 && uses.TrueForAll(constant.ContainsKey))
            {
                var values = string.Join(", ", uses.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m} is {constant[m]}")));
                findings.Add(new ModelFinding(ModelCheck.ConstantFeature, $"The feature {definition.Features[f].Name} has one value only: {values} {where}."));
            }
        }
    }

    private static IEnumerable<ModelFinding> WarmingUp(SensorCount sensors)
    {
        if (sensors.Sensors > 0 && sensors.WarmingUp >= MaxWarmingUp * sensors.Sensors)
        {
            yield return new ModelFinding(ModelCheck.WarmingUp, string.Create(
                CultureInfo.InvariantCulture, $"{sensors.WarmingUp} of {sensors.Sensors} sensors have had fewer than {ReadingRules.WarmUpReadings} readings."));
        }
    }

    private static AlarmCount Sum(IEnumerable<AlarmCount> counts) => counts.Aggregate(
        default(AlarmCount), (sum, c) => new AlarmCount(sum.Scored + c.Scored, sum.Flagged + c.Flagged));

    private static DateTime Utc(long unixMs) => DateTimeOffset.FromUnixTimeMilliseconds(unixMs).UtcDateTime;
}
