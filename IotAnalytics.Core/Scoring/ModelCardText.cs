using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace IotAnalytics.Core.Scoring;

/// <summary>The model card as text for a terminal.</summary>
internal static class ModelCardText
{
    public static string Render(ModelCard card)
    {
        var text = new StringBuilder();
        Line("model", $"{card.Name} version {card.Version} ({card.Kind})");
        if (card.CreatedAt is { } at)
        {
            Line("created", at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        }

        Line("trained on", $"{Count(card.TrainingRows)} rows of {card.Source}{(card.Window is null ? "" : $", {card.Window}")}; reference {Count(card.ReferenceRows)} rows; seed {card.Seed}");
        if (card.Sensors is { } sensors)
        {
            Line("sensors", Count(sensors));
        }

        foreach (var (reason, rows) in card.Excluded ?? ImmutableSortedDictionary<string, long>.Empty)
        {
            Line("excluded", $"{rows.ToString("N0", CultureInfo.InvariantCulture)} rows: {reason}");
        }

        Line("parameters", string.Join(", ", card.Parameters.Select(p => $"{p.Key} {Number(p.Value)}")));
        Line("threshold", $"{Number(card.Threshold.Value)} ({card.Threshold.Rule}{(card.Threshold.Rate is { } rate ? $" {Number(rate)}" : "")})");
        foreach (var (name, value) in card.Evaluation)
        {
            Line(name, Number(value));
        }

        if (card.ScoringPath is { } path)
        {
            Line("scoring", path);
        }

        foreach (var feature in card.Features)
        {
            Line("feature", $"{feature.Name}{(feature.Expression == feature.Name ? "" : $" = {feature.Expression}")}, median {Number(feature.Median)}");
        }

        foreach (var m in card.Measurements)
        {
            Line("expected", $"{m.Name} {Number(m.P1)} .. {Number(m.P99)}{(m.Unit.Length == 0 ? "" : $" {m.Unit}")}");
        }

        return text.ToString();

        void Line(string label, string value) => text.Append(CultureInfo.InvariantCulture, $"{label,-18} {value}\n");
    }

    private static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);

    private static string Count(int value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
