using System.Text.Json;

namespace IotAnalytics.Core.Simulation.Targets;

/// <summary>An error answer.</summary>
/// <param name="Code">The problem details' code; empty when the answer is none of ours.</param>
/// <param name="Line">One line: status, then what the problem details say.</param>
internal readonly record struct ProblemText(string Code, string Line)
{
    private const int MaxErrorsLength = 300;

    public static async Task<ProblemText> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
        var status = $"{(int)response.StatusCode} {response.ReasonPhrase}";
        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? new ProblemText(Text(json.RootElement, "code") ?? "", $"{status}{Detail(json.RootElement)}.")
                : new ProblemText("", $"{status}.");
        }
        catch (JsonException)
        {
            // Not problem details, so a proxy's page: the status must do.
            return new ProblemText("", $"{status}.");
        }
    }

    private static string Detail(JsonElement problem)
    {
        var said = Text(problem, "detail") ?? Text(problem, "title");
        var errors = problem.TryGetProperty("errors", out var list) ? Shorten(list.GetRawText()) : null;
        return string.Concat(said is null ? "" : $": {said.TrimEnd('.')}", errors is null ? "" : $" {errors}");
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Shorten(string text)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= MaxErrorsLength ? line : string.Concat(line.AsSpan(0, MaxErrorsLength), "…");
    }
}
