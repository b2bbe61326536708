using System.Text.Json;

namespace IotAnalytics.Core.Simulation.Targets;

/// <summary>One line out of an error answer: status, then what the problem details say.</summary>
internal static class ProblemText
{
    private const int MaxErrorsLength = 300;

    public static async Task<string> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        return $"{(int)response.StatusCode} {response.ReasonPhrase}{Detail(text)}.";
    }

    private static string Detail(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                return "";
            }

            var said = Text(json.RootElement, "detail") ?? Text(json.RootElement, "title");
            var errors = json.RootElement.TryGetProperty("errors", out var list) ? Shorten(list.GetRawText()) : null;
            return string.Concat(said is null ? "" : $": {said.TrimEnd('.')}", errors is null ? "" : $" {errors}");
        }
        catch (JsonException)
        {
            // Not problem details, so not ours or a proxy's page: the status must do.
            return "";
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Shorten(string text)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= MaxErrorsLength ? line : string.Concat(line.AsSpan(0, MaxErrorsLength), "…");
    }
}
