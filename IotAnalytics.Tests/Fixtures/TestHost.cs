using System.Globalization;
using System.Net.Http.Headers;
using IotAnalytics.Web.Endpoints;
using IotAnalytics.Web.Hosting;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Tests.Fixtures;

/// <summary>
/// The real host in this process, on a free port of loopback and with a temporary data directory, its log in the test's output.
/// Disposing stops it in order and deletes the folder, unless the folder was given.
/// </summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly bool _ownsFolder;

    private TestHost(WebApplication app, string folder, bool ownsFolder)
    {
        _app = app;
        _ownsFolder = ownsFolder;
        Folder = folder;
        Address = new Uri(app.Urls.First());
        Key = File.ReadAllText(Path.Combine(folder, AdministratorKey.FileName)).Trim();
        Anonymous = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = Address };
        Client = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = Address };
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
    }

    /// <summary>Sends the administrator's key.</summary>
    public HttpClient Client { get; }

    /// <summary>Sends no key.</summary>
    public HttpClient Anonymous { get; }

    public Uri Address { get; }

    /// <summary>The administrator's key.</summary>
    public string Key { get; }

    /// <summary>The data directory.</summary>
    public string Folder { get; }

    public IServiceProvider Services => _app.Services;

    public static Task<TestHost> StartAsync(params (string Key, string Value)[] overrides) => StartAsync(null, null, overrides);

    /// <param name="folder">An existing data directory, which stays; null for a temporary one.</param>
    /// <param name="customize">Changes services, for example the clock.</param>
    /// <param name="overrides">Configuration, for example <c>("Lake:CutAge", "00:00:01")</c>.</param>
    public static async Task<TestHost> StartAsync(
        string? folder, Action<WebApplicationBuilder>? customize, params (string Key, string Value)[] overrides)
    {
        var path = folder ?? Directory.CreateTempSubdirectory("iot-host-").FullName;
        var app = AnalyticsHost.Build(Settings(path, overrides), builder =>
        {
            builder.Logging.ClearProviders();
            if (TestContext.Current.TestOutputHelper is { } output)
            {
                builder.Logging.AddProvider(new OutputLoggerProvider(output));
            }

            customize?.Invoke(builder);
        });
        try
        {
            app.UseRequestPipeline();
            await app.StartAsync(TestContext.Current.CancellationToken);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new TestHost(app, path, folder is null);
    }

    /// <summary>The settings of a test host in a folder, for tests that build one themselves.</summary>
    public static Dictionary<string, string?> Settings(string folder, params (string Key, string Value)[] overrides)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Urls"] = "http://127.0.0.1:0",
            ["DataDirectory"] = folder,
            // The console belongs to the test runner.
            ["Logging:Console:LogLevel:Default"] = "None",
        };
        foreach (var (key, value) in overrides)
        {
            settings[key] = value;
        }

        return settings;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Anonymous.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        if (_ownsFolder)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    private sealed class OutputLoggerProvider(ITestOutputHelper output) : ILoggerProvider
    {
        public ILogger CreateLogger(string categoryName) => new OutputLogger(output, categoryName);

        public void Dispose()
        {
        }
    }

    private sealed class OutputLogger(ITestOutputHelper output, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            try
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{logLevel} {category}[{eventId.Id}] {formatter(state, exception)} {exception}"));
            }
            catch (InvalidOperationException)
            {
                // The test is over; the host is still stopping.
            }
        }
    }
}
