using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Deployment.Compose;

/// <summary>
/// The program run as its container runs it, without one: an environment that holds what image and compose file set and nothing else, and, where the tests
/// run as root and program and runtime lie where everybody may read, a user without rights in front of a program folder that it cannot write. <c>IOT_TEST_APP</c> names a folder published as the Dockerfile does; without it
/// the build beside the tests is run.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class HostContainer(string folder, int port, IReadOnlyDictionary<string, string> environment)
{
    private const int Nobody = 65534;
    private const int Sigterm = 15;

    private static string Program => Path.Combine(TestEnvironment.RunningServer("IOT_TEST_APP") ?? AppContext.BaseDirectory, "IotAnalytics.Web");

    private static string Runtime => Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root
        ? root
        : Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    private static bool IsUnprivileged { get; } = Environment.IsPrivilegedProcess && IsOpen(Program) && IsOpen(Runtime);

    public string Data => Path.Combine(folder, "data");

    private string Temporary => Path.Combine(folder, "tmp");

    /// <summary>The volume and the tmpfs.</summary>
    public void MakeFolders()
    {
        foreach (var path in new[] { Data, Temporary })
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            if (IsUnprivileged)
            {
                Assert.Equal(0, Chown(path, Nobody, Nobody));
            }
        }

        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
    }

    /// <summary>Starts a verb; its output is read to its end.</summary>
    public RunningVerb Start(params string[] arguments)
    {
        string[] asNobody = IsUnprivileged ? ["setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"] : [];
        string[] line = [.. asNobody, Program, .. arguments];
        var start = new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetDirectoryName(Program)! };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["DOTNET_ROOT"] = Runtime;
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["MALLOC_ARENA_MAX"] = "1";
        start.Environment["TMPDIR"] = Temporary;
        start.Environment["Iot__Urls"] = $"http://0.0.0.0:{port}";
        start.Environment["Iot__DataDirectory"] = Data;
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        return new RunningVerb(Process.Start(start)!);
    }

    /// <summary>A verb to its end.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        await using var verb = Start(arguments);
        return (await verb.EndAsync(), verb.Output);
    }

    /// <summary>Whether everybody may go there.</summary>
    private static bool IsOpen(string path)
    {
        for (var folder = new DirectoryInfo(path).Parent; folder is not null; folder = folder.Parent)
        {
            if (!folder.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))
            {
                return false;
            }
        }

        return true;
    }

    [DllImport("libc", EntryPoint = "chown", SetLastError = true)]
    private static extern int Chown([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int user, int group);

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Kill(int pid, int signal);

    internal sealed class RunningVerb : IAsyncDisposable
    {
        private readonly Process _process;
        private readonly StringBuilder _output = new();

        public RunningVerb(Process process)
        {
            _process = process;
            process.OutputDataReceived += Keep;
            process.ErrorDataReceived += Keep;
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public bool HasExited => _process.HasExited;

        public string Output
        {
            get
            {
                lock (_output)
                {
                    return _output.ToString();
                }
            }
        }

        public async Task<int> EndAsync()
        {
            await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return _process.ExitCode;
        }

        /// <summary>SIGTERM, as compose stops a service.</summary>
        public async Task<int> StopAsync(TimeSpan grace)
        {
            Assert.Equal(0, Kill(_process.Id, Sigterm));
            await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(grace);
            return _process.ExitCode;
        }

        public async ValueTask DisposeAsync()
        {
            if (!_process.HasExited)
            {
                _process.Kill();
            }

            await _process.WaitForExitAsync(CancellationToken.None);
            _process.Dispose();
        }

        private void Keep(object sender, DataReceivedEventArgs line)
        {
            lock (_output)
            {
                _output.AppendLine(line.Data);
            }
        }
    }
}
