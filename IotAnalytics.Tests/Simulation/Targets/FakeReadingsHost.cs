using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Simulation.Targets;

/// <summary>A host over real HTTP that stores bodies by their Idempotency-Key and can be told to misbehave.</summary>
internal sealed class FakeReadingsHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, string> _stored = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<(string Key, string Body)> _order = new();
    private int _requests;

    private FakeReadingsHost(WebApplication app) => _app = app;

    /// <summary>Answers instead of the store when it returns true. The number is that of the request, from 1 on.</summary>
    public Func<int, HttpContext, Task<bool>> Misbehave { get; set; } = (_, _) => Task.FromResult(false);

    /// <summary>Like <see cref="Misbehave"/>, after the body is stored.</summary>
    public Func<int, HttpContext, Task<bool>> MisbehaveAfterStore { get; set; } = (_, _) => Task.FromResult(false);

    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public int Requests => _requests;

    /// <summary>Headers of the last request.</summary>
    public IReadOnlyDictionary<string, string> LastHeaders { get; private set; } = new Dictionary<string, string>();

    /// <summary>Bodies in the order in which they were first stored.</summary>
    public IReadOnlyList<string> Bodies => [.. _order.Select(o => o.Body)];

    /// <summary>Readings of all bodies in the order of storage.</summary>
    public IReadOnlyList<string> Readings => [.. Bodies.SelectMany(b => b.Split('\n', StringSplitOptions.RemoveEmptyEntries))];

    public static async Task<FakeReadingsHost> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var host = new FakeReadingsHost(app);
        app.Run(host.AnswerAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    public static async Task ProblemAsync(HttpContext context, int status, string detail, string code = "refused")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/problem+json";
        await context.Response.WriteAsync($$"""{"title":"Refused","status":{{status}},"code":"{{code}}","detail":"{{detail}}"}""");
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var number = Interlocked.Increment(ref _requests);
        LastHeaders = context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        if (await Misbehave(number, context))
        {
            return;
        }

        var key = context.Request.Headers["Idempotency-Key"].ToString();
        if (_stored.TryAdd(key, body))
        {
            _order.Enqueue((key, body));
        }
        else if (_stored[key] != body)
        {
            context.Response.StatusCode = StatusCodes.Status409Conflict;
            return;
        }

        if (await MisbehaveAfterStore(number, context))
        {
            return;
        }

        context.Response.StatusCode = StatusCodes.Status202Accepted;
        await context.Response.WriteAsync($$"""{"accepted":{{body.Count(c => c == '\n')}},"rejected":[],"rejected_total":0,"position":"0-{{number}}"}""");
    }
}
