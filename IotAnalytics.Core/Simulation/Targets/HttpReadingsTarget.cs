using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace IotAnalytics.Core.Simulation.Targets;

/// <summary>
/// Posts bodies of readings to a host, each until it is answered for good. Every body has an Idempotency-Key that its repetitions share,
/// so that a reply that got lost does not make duplicates. Safe for several threads; a sender that needs order awaits each body.
/// </summary>
internal sealed class HttpReadingsTarget : IReadingsTarget
{
    private const string NoReadableReading = "no_readable_reading";
    private static readonly MediaTypeHeaderValue Ndjson = new("application/x-ndjson");

    private readonly HttpTargetOptions _options;
    private readonly HttpClient _client;
    private readonly TimeProvider _time;
    private readonly string _run = Guid.NewGuid().ToString("N");
    private long _bodies;
    private long _accepted;
    private long _rejected;
    private long _retries;
    private volatile bool _answered;

    /// <param name="options">Address, key and patience.</param>
    /// <param name="connections">Bodies that may be under way at once, at least 1.</param>
    /// <param name="time">Clock of the waits.</param>
    public HttpReadingsTarget(HttpTargetOptions options, int connections, TimeProvider time)
    {
        _options = options;
        _time = time;
        // A proxy from the environment must not come between two programs on one machine.
        var handler = new SocketsHttpHandler { MaxConnectionsPerServer = connections, UseProxy = !options.Url.IsLoopback, AllowAutoRedirect = false };
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Readings that the host took.</summary>
    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>Readings that the host took as dead letters, or that were in a body without a readable one.</summary>
    public long Rejected => Interlocked.Read(ref _rejected);

    /// <summary>Attempts beyond the first of a body.</summary>
    public long Retries => Interlocked.Read(ref _retries);

    /// <summary>Posts one body and returns when the host has it.</summary>
    /// <param name="body">NDJSON; must not change until the task ends.</param>
    /// <exception cref="ReadingsTargetException">The host refused the body, or did not take it in time.</exception>
    public async Task SendAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var number = Interlocked.Increment(ref _bodies);
        var backoff = new RetryBackoff(_time, jitterSeed: _run.GetHashCode(StringComparison.Ordinal) + number);
        while (true)
        {
            var (wait, problem, cause) = await TryAsync(body, $"{_run}-{number}", backoff, cancellationToken).ConfigureAwait(false);
            if (problem is null)
            {
                return;
            }

            if (backoff.Elapsed + wait > (_answered ? _options.GiveUpAfter : _options.FirstAnswerWithin))
            {
                throw new ReadingsTargetException(
                    _answered
                        ? $"{_options.Url} did not take a body for {backoff.Elapsed.TotalSeconds:0} s; the last answer: {problem}"
                        : $"Nothing answers at {_options.Url}: {problem} Is the host running, and is --target right?",
                    cause);
            }

            Interlocked.Increment(ref _retries);
            await Task.Delay(wait, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A body is taken when its task ends.</summary>
    public Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _client.Dispose();

    private async Task<Attempt> TryAsync(ReadOnlyMemory<byte> body, string key, RetryBackoff backoff, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_options.AttemptTimeout, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var request = Request(body, key);
            using var response = await _client.SendAsync(request, linked.Token).ConfigureAwait(false);
            _answered = true;
            if (response.IsSuccessStatusCode)
            {
                await CountAsync(response, linked.Token).ConfigureAwait(false);
                return default;
            }

            var problem = await ProblemText.ReadAsync(response, linked.Token).ConfigureAwait(false);
            if (_options.SkipUnreadable && problem.Code == NoReadableReading)
            {
                Interlocked.Add(ref _rejected, body.Span.Count((byte)'\n'));
                return default;
            }

            return IsTransient(response.StatusCode)
                ? new Attempt(backoff.Next(RetryAfter(response)), problem.Line, null)
                : throw new ReadingsTargetException(Refusal(response.StatusCode, problem.Line));
        }
        catch (HttpRequestException e)
        {
            return new Attempt(backoff.Next(asked: null), $"{e.InnerException?.Message ?? e.Message}.", e);
        }
        catch (IOException e)
        {
            return new Attempt(backoff.Next(asked: null), $"{e.Message}.", e);
        }
        catch (OperationCanceledException e) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return new Attempt(backoff.Next(asked: null), $"no answer within {_options.AttemptTimeout.TotalSeconds:0} s.", e);
        }
    }

    private HttpRequestMessage Request(ReadOnlyMemory<byte> body, string key)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, _options.Url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = Ndjson;
        request.Headers.Add("Idempotency-Key", key);
        if (_options.Key is { } apiKey)
        {
            request.Headers.TryAddWithoutValidation("X-Api-Key", apiKey);
        }

        if (_options.RecordTimeFromEvents)
        {
            request.Headers.Add("Iot-Record-Time", "event");
        }

        return request;
    }

    private async Task CountAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            try
            {
                using var answer = await JsonDocument.ParseAsync(stream, cancellationToken: cancellationToken).ConfigureAwait(false);
                Interlocked.Add(ref _accepted, answer.RootElement.GetProperty("accepted").GetInt64());
                Interlocked.Add(ref _rejected, answer.RootElement.GetProperty("rejected_total").GetInt64());
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw new ReadingsTargetException($"{_options.Url} answers {(int)response.StatusCode}, but not as an IotAnalytics host does.", e);
            }
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - _time.GetUtcNow(),
        _ => null,
    };

    private static bool IsTransient(HttpStatusCode status) => status
        is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout
        or HttpStatusCode.InternalServerError or HttpStatusCode.RequestTimeout;

    private string Refusal(HttpStatusCode status, string problem) => status switch
    {
        HttpStatusCode.Unauthorized => _options.Key is null
            ? $"{_options.Url} asks for a key: give --key, set {ReadingsTargetKey.EnvironmentVariable}, or start in the folder that holds {ReadingsTargetKey.File}."
            : $"{_options.Url} does not know the key: {problem}",
        _ => $"{_options.Url} refuses the readings: {problem}",
    };

    /// <param name="Problem">Null when the body was taken.</param>
    private readonly record struct Attempt(TimeSpan Wait, string? Problem, Exception? Cause);
}
