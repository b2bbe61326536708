using System.Diagnostics;
using IotAnalytics.Benchmarks.Throughput;

namespace IotAnalytics.Benchmarks.Faults;

/// <summary>A disk of its own of a few megabytes, in memory, which can be filled to the last byte. Needs root on Linux.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly string _path;
    private readonly string _ballast;

    private SmallDisk(string path) => (_path, _ballast) = (path, Path.Combine(path, "ballast"));

    /// <exception cref="MeasurementException">It cannot be mounted here.</exception>
    public static async Task<SmallDisk> MountAsync(string path, int megabytes, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(path);
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || await RunAsync("mount", cancellationToken, "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", path) != 0)
        {
            throw new MeasurementException($"A small disk cannot be mounted at {path}: root on Linux can.");
        }

        return new SmallDisk(path);
    }

    /// <summary>Takes what room there is. What others give back is taken by the next call.</summary>
    public void Fill()
    {
        try
        {
            using var file = new FileStream(_ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 1);
            for (var block = new byte[4_096]; ;)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void Empty() => File.Delete(_ballast);

    public async ValueTask DisposeAsync() => await RunAsync("umount", CancellationToken.None, "-l", _path);

    private static async Task<int> RunAsync(string program, CancellationToken cancellationToken, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode;
    }
}
