using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Lake.S3;

/// <summary>What goes wrong with one request.</summary>
public enum S3Fault
{
    None,
    InternalError,
    Unavailable,
    Conflict,

    /// <summary>412 although the server was not asked.</summary>
    PreconditionFailed,

    /// <summary>The connection breaks before the server hears of the request.</summary>
    Reset,
    NoAnswer,

    /// <summary>The answer comes late and in drops.</summary>
    Slow,

    /// <summary>The server does the work, the connection breaks before the answer.</summary>
    LostReply,

    /// <summary>The connection breaks in the middle of the answer's body.</summary>
    HalfBody,

    /// <summary>What a server that does not know conditional writes would answer: 200 instead of 412.</summary>
    Overwrites,
}

/// <summary>Stands before a real S3 server and lets requests go wrong. The Host header stays, so signatures hold.</summary>
internal sealed class S3FaultProxy : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpMessageInvoker _server = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
    private readonly string _endpoint;

    private S3FaultProxy(string endpoint)
    {
        _endpoint = endpoint;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(o =>
        {
            o.Listen(IPAddress.Loopback, 0);
            o.Limits.MaxRequestBodySize = null;
            o.Limits.MinRequestBodyDataRate = null;
        });
        builder.Services.AddRouting();
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    /// <summary>Decides for a request and how often this method and path came before.</summary>
    public Func<HttpRequest, int, S3Fault> Decide { get; set; } = (_, _) => S3Fault.None;

    /// <summary>Requests by method and path.</summary>
    public ConcurrentDictionary<string, int> Requests { get; } = new(StringComparer.Ordinal);

    /// <summary>Faults made.</summary>
    public ConcurrentBag<(string Method, S3Fault Fault)> Faults { get; } = [];

    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<S3FaultProxy> StartAsync(string endpoint)
    {
        var proxy = new S3FaultProxy(endpoint);
        await proxy._app.StartAsync(TestContext.Current.CancellationToken);
        return proxy;
    }

    /// <summary>Every request's first try goes wrong.</summary>
    public void FailFirst(S3Fault fault) => Decide = (_, before) => before == 0 ? fault : S3Fault.None;

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _server.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var before = Requests.AddOrUpdate($"{request.Method} {target} {request.Headers.Range}", 1, (_, n) => n + 1) - 1;
        var fault = Decide(request, before);
        if (fault != S3Fault.None)
        {
            Faults.Add((request.Method, fault));
        }

        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, context.RequestAborted);
        switch (fault)
        {
            case S3Fault.InternalError:
                await RefuseAsync(context, 500, "InternalError");
                return;
            case S3Fault.Unavailable:
                await RefuseAsync(context, 503, "SlowDown");
                return;
            case S3Fault.Conflict:
                await RefuseAsync(context, 409, "ConditionalRequestConflict");
                return;
            case S3Fault.PreconditionFailed:
                await RefuseAsync(context, 412, "PreconditionFailed");
                return;
            case S3Fault.Reset:
                context.Abort();
                return;
            case S3Fault.NoAnswer:
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return;
            default:
                await ForwardAsync(context, target, body.ToArray(), fault);
                return;
        }
    }

    private async Task ForwardAsync(HttpContext context, string target, byte[] body, S3Fault fault)
    {
        // Not the caller's token: the server's work is done to its end, whoever waits for it.
        using var answer = await _server.SendAsync(Copy(context.Request, target, body), CancellationToken.None);
        var content = await answer.Content.ReadAsByteArrayAsync(CancellationToken.None);
        if (fault == S3Fault.LostReply)
        {
            context.Abort();
            return;
        }

        var isHidden = fault == S3Fault.Overwrites && answer.StatusCode == HttpStatusCode.PreconditionFailed;
        content = isHidden ? [] : content;
        context.Response.StatusCode = isHidden ? 200 : (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
        {
            if (!name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase) && !name.Equals("Connection", StringComparison.OrdinalIgnoreCase))
            {
                context.Response.Headers[name] = values.ToArray();
            }
        }

        var isHead = HttpMethods.IsHead(context.Request.Method);
        if (!isHead)
        {
            context.Response.ContentLength = answer.StatusCode == HttpStatusCode.NoContent ? null : content.Length;
        }

        if (isHead || content.Length == 0)
        {
            return;
        }

        switch (fault)
        {
            case S3Fault.HalfBody:
                await context.Response.Body.WriteAsync(content.AsMemory(0, content.Length / 2), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                context.Abort();
                return;
            case S3Fault.Slow:
                foreach (var part in content.Chunk(Math.Max(1, (content.Length / 8) + 1)))
                {
                    await context.Response.Body.WriteAsync(part, context.RequestAborted);
                    await context.Response.Body.FlushAsync(context.RequestAborted);
                    await Task.Delay(5, context.RequestAborted);
                }

                return;
            default:
                await context.Response.Body.WriteAsync(content, context.RequestAborted);
                return;
        }
    }

    private HttpRequestMessage Copy(HttpRequest request, string target, byte[] body)
    {
        var copy = new HttpRequestMessage(new HttpMethod(request.Method), new Uri(_endpoint + target)) { Content = new ByteArrayContent(body) };
        foreach (var (name, values) in request.Headers)
        {
            if (!name.Equals("Expect", StringComparison.OrdinalIgnoreCase) && !name.Equals("Connection", StringComparison.OrdinalIgnoreCase)
                && !copy.Headers.TryAddWithoutValidation(name, values.ToArray()))
            {
                copy.Content.Headers.TryAddWithoutValidation(name, values.ToArray());
            }
        }

        copy.Headers.Host = request.Host.Value;
        return copy;
    }

    private static Task RefuseAsync(HttpContext context, int status, string code)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/xml";
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : context.Response.WriteAsync($"<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>on purpose</Message></Error>");
    }
}
