using System.Text.Json;
using Microsoft.Net.Http.Headers;

namespace IotAnalytics.Web.Endpoints;

/// <summary>
/// The fields of a small JSON object as body. Read strictly: what nobody reads is refused and not ignored, so that a field that only looks as if it
/// did something, or that belongs to the server, is never taken for accepted.
/// </summary>
internal sealed class JsonFields
{
    private const int MaxBytes = 16 * 1024;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 4 };
    private readonly Dictionary<string, JsonElement> _fields;
    private readonly QueryCheck _check;

    private JsonFields(Dictionary<string, JsonElement> fields, QueryCheck check)
    {
        _fields = fields;
        _check = check;
    }

    /// <summary>Reads the whole body.</summary>
    /// <param name="check">Takes what is wrong with single fields.</param>
    /// <param name="accepted">The fields that there are.</param>
    /// <exception cref="ProblemException">The body is no JSON object, or too large.</exception>
    public static async Task<JsonFields> ReadAsync(HttpRequest request, QueryCheck check, string[] accepted, CancellationToken cancellationToken)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals(ReadingContent.Json, StringComparison.OrdinalIgnoreCase))
        {
            throw new ProblemException(new Problem(
                StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", $"Content-Type '{request.ContentType}': accepted {ReadingContent.Json}."));
        }

        using var body = await RequestBody.ReadAsync(request, MaxBytes, cancellationToken);
        var fields = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var (name, value) in Parse(body.Bytes))
        {
            if (!accepted.Contains(name))
            {
                check.Refuse(name, value.GetRawText(), $"no such field; there are {string.Join(", ", accepted)}");
            }
            else if (!fields.TryAdd(name, value))
            {
                check.Refuse(name, value.GetRawText(), "every field once");
            }
        }

        return new JsonFields(fields, check);
    }

    /// <summary>The text of a field; null when it is missing or null, which is a mistake when it is required.</summary>
    public string? Text(string name, string accepted, bool isRequired)
    {
        _fields.TryGetValue(name, out var value);
        try
        {
            if (value.ValueKind is JsonValueKind.String)
            {
                return value.GetString();
            }
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: JSON by its grammar, but no text.
            _check.Refuse(name, value.GetRawText(), accepted);
            return null;
        }

        if (isRequired || value.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null))
        {
            _check.Refuse(name, value.ValueKind is JsonValueKind.Undefined ? "" : value.GetRawText(), accepted);
        }

        return null;
    }

    /// <summary>The number of a field; null when it is missing or null, which is a mistake when it is required.</summary>
    public double? Number(string name, string accepted, bool isRequired)
    {
        _fields.TryGetValue(name, out var value);
        if (value.ValueKind is JsonValueKind.Number && value.TryGetDouble(out var number))
        {
            return number;
        }

        if (isRequired || value.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null))
        {
            _check.Refuse(name, value.ValueKind is JsonValueKind.Undefined ? "" : value.GetRawText(), accepted);
        }

        return null;
    }

    /// <summary>Whether a field is there and null.</summary>
    public bool IsNull(string name) => _fields.TryGetValue(name, out var value) && value.ValueKind is JsonValueKind.Null;

    private static List<(string Name, JsonElement Value)> Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return [.. document.RootElement.EnumerateObject().Select(p => (p.Name, p.Value.Clone()))];
            }

            throw new ProblemException(new Problem(StatusCodes.Status400BadRequest, "malformed_json", $"The body is a JSON {document.RootElement.ValueKind}; accepted an object."));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ProblemException(new Problem(StatusCodes.Status400BadRequest, "malformed_json", "The body is not JSON in UTF-8; accepted an object."));
        }
    }
}
