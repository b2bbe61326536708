using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace IotAnalytics.Benchmarks.Throughput;

/// <summary>A host in a process of its own, on a free port and a folder of its own, with its output in <c>host.log</c>.</summary>
internal sealed partial class HostProcess : IAsyncDisposable
{
    private const int SigTerm = 15;
    private const int SigStop = 19;
    private const int SigCont = 18;
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StoppedWithin = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan SampleInterval = TimeSpan.FromMilliseconds(20);

    private readonly Process _process;
    private readonly string _logPath;
    private ProcessFigures _figures;

    private HostProcess(Process process, string dataDirectory, Uri address)
    {
        _process = process;
        DataDirectory = dataDirectory;
        Address = address;
        _logPath = LogPath(dataDirectory);
    }

    public string DataDirectory { get; }

    public Uri Address { get; }

    /// <summary>The administrator key that the host made.</summary>
    public string Key => File.ReadAllText(Path.Combine(DataDirectory, "admin.key")).Trim();

    /// <summary>The newest figures; after the stop the last ones before the end.</summary>
    public ProcessFigures Figures => _figures = ProcessFigures.Read(_process.Id) ?? _figures;

    /// <summary>Starts the host and returns it with the time from the process's start until it was ready to score.</summary>
    /// <param name="hostPath">IotAnalytics.Web.dll, or a published executable.</param>
    /// <param name="settings">Of the host, <c>Section:Key=value</c>.</param>
    public static async Task<(HostProcess Host, TimeSpan Ready)> StartAsync(
        string hostPath, IEnumerable<string> settings, string dataDirectory, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var host = Start(hostPath, settings, dataDirectory);
        try
        {
            await host.WaitUntilReadyAsync(cancellationToken);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        return (host, Stopwatch.GetElapsedTime(started));
    }

    /// <summary>How a verb of the host is called, with its output for the caller.</summary>
    /// <param name="hostPath">IotAnalytics.Web.dll, or a published executable.</param>
    public static ProcessStartInfo Command(string hostPath, params string[] arguments)
    {
        var path = Path.GetFullPath(hostPath);
        var isAssembly = path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
        return new ProcessStartInfo(isAssembly ? Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet" : path, isAssembly ? [path, .. arguments] : arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetDirectoryName(path)!,
        };
    }

    /// <summary>The same without waiting: nobody asks the host whether it is ready.</summary>
    public static HostProcess Start(string hostPath, IEnumerable<string> settings, string dataDirectory)
    {
        var address = new Uri($"http://127.0.0.1:{FreePort()}");
        var command = Command(hostPath, "serve");
        // Into a file by itself: whoever copied its lines would take processors from what is measured.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1", "sh", LogPath(dataDirectory), command.FileName, .. command.ArgumentList])
        {
            WorkingDirectory = command.WorkingDirectory,
        };
        start.Environment["Iot__Urls"] = address.ToString();
        start.Environment["Iot__DataDirectory"] = dataDirectory;
        start.Environment["Iot__Limits__RequestsPerMinutePerKey"] = "10000000";
        foreach (var setting in settings)
        {
            var (name, value) = (setting.Split('=', 2)[0], setting.Split('=', 2)[^1]);
            start.Environment[$"Iot__{name.Replace(":", "__", StringComparison.Ordinal)}"] = value;
        }

        return new HostProcess(Process.Start(start)!, dataDirectory, address);
    }

    public bool HasExited => _process.HasExited;

    public int ProcessId => _process.Id;

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
    }

    /// <summary>Waits for the end that somebody else brings about; the exit code.</summary>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>SIGSTOP.</summary>
    public void Freeze() => _ = Kill(_process.Id, SigStop);

    /// <summary>SIGCONT.</summary>
    public void Thaw() => _ = Kill(_process.Id, SigCont);

    /// <summary>Asks the host to stop and waits; figures are sampled until the end.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _ = Kill(_process.Id, SigTerm);
        var asked = Stopwatch.GetTimestamp();
        while (!_process.HasExited)
        {
            _ = Figures;
            if (Stopwatch.GetElapsedTime(asked) > StoppedWithin)
            {
                throw new MeasurementException($"The host did not stop within {StoppedWithin}.{await LogTailAsync()}");
            }

            await Task.WhenAny(_process.WaitForExitAsync(cancellationToken), Task.Delay(SampleInterval, cancellationToken));
        }

        if (_process.ExitCode != 0)
        {
            throw new MeasurementException($"The host ended with exit code {_process.ExitCode}.{await LogTailAsync()}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = Address };
        var started = Stopwatch.GetTimestamp();
        while (!await IsReadyAsync(client, cancellationToken))
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(started) > ReadyWithin)
            {
                throw new MeasurementException($"The host is not ready.{await LogTailAsync()}");
            }

            await Task.Delay(SampleInterval, cancellationToken);
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient client, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri("/health/ready", UriKind.Relative), cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static string LogPath(string dataDirectory) => Path.Combine(dataDirectory, "host.log");

    private async Task<string> LogTailAsync()
    {
        if (!File.Exists(_logPath))
        {
            return "";
        }

        await using var log = new FileStream(_logPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(log);
        var lines = (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return $" Its last lines:{Environment.NewLine}{string.Join(Environment.NewLine, lines.TakeLast(20))}";
    }
}
