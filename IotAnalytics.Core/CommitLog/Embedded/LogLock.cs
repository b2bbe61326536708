using System.Globalization;

namespace IotAnalytics.Core.CommitLog.Embedded;

/// <summary>
/// Keeps a second host out of the folder: <c>log.lock</c> is locked by the operating system, which frees it however the process ends;
/// <c>log.holder</c> says who has it, for the message only.
/// </summary>
internal sealed class LogLock : IDisposable
{
    private readonly FileStream _file;
    private readonly string _holderPath;

    private LogLock(FileStream file, string holderPath)
    {
        _file = file;
        _holderPath = holderPath;
    }

    /// <exception cref="CommitLogException">Another process holds the folder, or it cannot be written.</exception>
    public static LogLock Take(DataDirectory directory, TimeProvider time)
    {
        var holderPath = directory.Combine("log.holder");
        try
        {
            var file = new FileStream(directory.Combine("log.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            try
            {
                File.WriteAllText(
                    holderPath,
                    string.Create(CultureInfo.InvariantCulture, $"pid {Environment.ProcessId} on {Environment.MachineName} since {time.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}"));
            }
            catch
            {
                file.Dispose();
                throw;
            }

            return new LogLock(file, holderPath);
        }
        catch (IOException e) when (IsHeld(e))
        {
            throw new CommitLogException($"The data folder {directory.Path} is in use by another host ({Holder(holderPath)}); stop it, or choose another DataDirectory.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommitLogException($"The data folder {directory.Path} cannot be written: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        // The name goes first: once the lock is free the next holder writes its own.
        File.Delete(_holderPath);
        _file.Dispose();
    }

    /// <summary>EWOULDBLOCK on Linux and macOS, a sharing or lock violation on Windows.</summary>
    private static bool IsHeld(IOException e) => (e.HResult & 0xFFFF) is 11 or 35 or 32 or 33;

    private static string Holder(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "it has not left its name";
        }
    }
}
