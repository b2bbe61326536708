using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace IotAnalytics.Core.Modeling.Training.Runs;

/// <summary>Section <c>Profiles:NAME:Training</c>: how the model of a profile is kept fresh.</summary>
/// <param name="Schedule">When it is trained again: five cron fields, UTC, or <c>never</c>. Default <c>0 3 * * *</c>, each night at three.</param>
/// <param name="Window">How much it learns from, back from the newest event time: 1 hour to 400 days. Default 14 days.</param>
/// <param name="Promotion"><c>Managed</c>: a candidate that passes the gate becomes the champion by itself. <c>Manual</c>: a person decides. Default <c>Manual</c>.</param>
/// <param name="MaxAge">Age at which a champion counts as too old: 1 hour to 10 years. Default 90 days.</param>
internal sealed partial record TrainingPolicy(string Schedule, TimeSpan Window, string Promotion, TimeSpan MaxAge)
{
    public const string Never = "never";
    public const string Managed = "Managed";
    public const string Manual = "Manual";

    public static TrainingPolicy Default { get; } = new("0 3 * * *", TimeSpan.FromDays(14), Manual, TimeSpan.FromDays(90));

    /// <summary>Reads the section; everything wrong goes to <paramref name="errors"/>: key, value, what is accepted.</summary>
    public static TrainingPolicy Read(IConfigurationSection section, ICollection<string> errors)
    {
        foreach (var child in section.GetChildren().Where(c => c.Key.ToUpperInvariant() is not ("SCHEDULE" or "WINDOW" or "PROMOTION" or "MAXAGE")))
        {
            errors.Add($"{child.Path}: an unknown key is not accepted; accepted is {nameof(Schedule)}, {nameof(Window)}, {nameof(Promotion)}, {nameof(MaxAge)}.");
        }

        var schedule = section[nameof(Schedule)] ?? Default.Schedule;
        if (schedule != Never && !IsCron(schedule))
        {
            Refuse(nameof(Schedule), "five cron fields (minute, hour, day of month, month, day of week), or never");
        }

        var promotion = section[nameof(Promotion)] ?? Default.Promotion;
        if (promotion is not (Managed or Manual))
        {
            Refuse(nameof(Promotion), $"{Managed} or {Manual}");
        }

        return new TrainingPolicy(
            schedule, Duration(nameof(Window), Default.Window, TimeSpan.FromDays(400)), promotion, Duration(nameof(MaxAge), Default.MaxAge, TimeSpan.FromDays(3650)));

        TimeSpan Duration(string key, TimeSpan byDefault, TimeSpan longest)
        {
            var value = byDefault;
            if (section[key] is { } text && (!TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value) || value < TimeSpan.FromHours(1) || value > longest))
            {
                Refuse(key, string.Create(CultureInfo.InvariantCulture, $"a duration d.hh:mm:ss from 01:00:00 to {longest.TotalDays}.00:00:00"));
            }

            return value;
        }

        void Refuse(string key, string accepted) => errors.Add($"{section.Path}:{key}: '{section[key]}' is not accepted; accepted is {accepted}.");
    }

    private static bool IsCron(string text)
    {
        (int Low, int High)[] ranges = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
        var fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length == ranges.Length && fields.Zip(ranges).All(f => f.First.Split(',').All(item => IsItem(item, f.Second.Low, f.Second.High)));
    }

    private static bool IsItem(string text, int low, int high)
    {
        var match = CronItem().Match(text);
        return match.Success
            && Bound("first", low) is var first && Bound("last", match.Groups["first"].Success ? first : high) is var last
            && first >= low && last <= high && first <= last && Bound("step", 1) is >= 1;

        int Bound(string group, int byDefault) =>
            match.Groups[group] is { Success: true } found ? int.Parse(found.Value, CultureInfo.InvariantCulture) : byDefault;
    }

    [GeneratedRegex(@"^(\*|(?<first>\d{1,2})(-(?<last>\d{1,2}))?)(/(?<step>\d{1,2}))?\z")]
    private static partial Regex CronItem();
}
