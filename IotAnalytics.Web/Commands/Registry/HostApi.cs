using System.Net;
using System.Text.Json;
using IotAnalytics.Core.Simulation.Targets;
using IotAnalytics.Web.Endpoints;
using IotAnalytics.Web.Security;

namespace IotAnalytics.Web.Commands.Registry;

/// <summary>A running host's REST API, for commands. Every refusal is a <see cref="CommandException"/> with what the host said.</summary>
internal sealed class HostApi : IDisposable
{
    public static readonly TimeSpan UsualPatience = TimeSpan.FromSeconds(30);
    private readonly HttpClient _client;
    private readonly Uri _url;
    private readonly bool _hasKey;

    /// <param name="patience">How long an answer may take.</param>
    public HostApi(Uri url, string? key, TimeSpan patience)
    {
        _url = url;
        _hasKey = key is not null;
        // A proxy from the environment must not come between two programs on one machine.
        _client = new HttpClient(new SocketsHttpHandler { UseProxy = !url.IsLoopback, AllowAutoRedirect = false }) { Timeout = patience };
        if (key is not null)
        {
            _client.DefaultRequestHeaders.TryAddWithoutValidation(ApiKeyHandler.Header, key);
        }
    }

    /// <param name="path">Below <c>/api/v1</c>, for example <c>/models</c>, escaped.</param>
    public Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, path, body: null, cancellationToken);

    /// <summary>Every item of a list, page by page.</summary>
    public async Task<List<JsonElement>> ListAsync(string path, CancellationToken cancellationToken)
    {
        var items = new List<JsonElement>();
        for (string? cursor = null; ;)
        {
            var page = await GetAsync($"{path}?limit=1000{(cursor is null ? "" : $"&cursor={cursor}")}", cancellationToken);
            items.AddRange(page.GetProperty("items").EnumerateArray());
            cursor = page.GetProperty("next_cursor").GetString();
            if (cursor is null)
            {
                return items;
            }
        }
    }

    /// <param name="body">Written as snake_case JSON; null for none.</param>
    /// <returns>Undefined when the answer has no body.</returns>
    public async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(_url, $"/api/v1{path}"));
        request.Content = body is null ? null : JsonContent.Create(body, options: ApiJson.Options);
        try
        {
            using var answer = await _client.SendAsync(request, cancellationToken);
            if (!answer.IsSuccessStatusCode)
            {
                throw await RefusalAsync(answer, cancellationToken);
            }

            var text = await answer.Content.ReadAsStringAsync(cancellationToken);
            return text.Length == 0 ? default : ApiJson.Parse(text)!.Value;
        }
        catch (HttpRequestException e)
        {
            throw new CommandException(CommandLine.Failed, $"nothing answers at {_url}: {e.InnerException?.Message ?? e.Message}. Is the host running, and is --url right?", e);
        }
        catch (TaskCanceledException e) when (e.InnerException is TimeoutException)
        {
            throw new CommandException(CommandLine.Failed, $"{_url}: no answer within {_client.Timeout.TotalSeconds:0} s", e);
        }
        catch (JsonException e)
        {
            throw new CommandException(CommandLine.Failed, $"{_url} answers, but not as an IotAnalytics host does.", e);
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<CommandException> RefusalAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var problem = await ProblemText.ReadAsync(answer, cancellationToken);
        return answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized when !_hasKey => new CommandException(
                CommandLine.Failed, $"{_url} asks for a key: give --key, set {ReadingsTargetKey.EnvironmentVariable}, or start where the host's data directory is."),
            HttpStatusCode.BadRequest or HttpStatusCode.NotFound => new CommandException(CommandLine.BadInput, problem.Line),
            _ => new CommandException(CommandLine.Failed, problem.Line),
        };
    }
}
