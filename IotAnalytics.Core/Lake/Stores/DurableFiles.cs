using System.Runtime.InteropServices;

namespace IotAnalytics.Core.Lake.Stores;

/// <summary>
/// What the framework does not offer: a rename that never turns into a copy, and fsync of a directory, without which a rename may be
/// lost with the power. On Windows the file system journals renames itself and directories cannot be synced.
/// </summary>
internal static partial class DurableFiles
{
    private const int CrossDevice = 18;
    private const int InvalidArgument = 22;
    private const int NotPermitted = 1;
    private const int AlreadyExists = 17;
    private const int NotSupported = 95;

    /// <summary>Syncs a file's content.</summary>
    public static void SyncFile(string path)
    {
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>Syncs a directory's entries.</summary>
    public static void SyncDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = Open(path, flags: 0);
        if (descriptor < 0)
        {
            throw Failure("open", path);
        }

        try
        {
            // Some network file systems refuse to sync a directory (EINVAL): they do not cache the entries either.
            if (FSync(descriptor) != 0 && Marshal.GetLastPInvokeError() != InvalidArgument)
            {
                throw Failure("fsync", path);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>Renames, replacing what is there; false when the two paths lie on different file systems.</summary>
    public static bool TryRename(string from, string to)
    {
        if (OperatingSystem.IsWindows())
        {
            if (!string.Equals(Path.GetPathRoot(Path.GetFullPath(from)), Path.GetPathRoot(Path.GetFullPath(to)), StringComparison.OrdinalIgnoreCase))
            {
                return false;
            }

            File.Move(from, to, overwrite: true);
            return true;
        }

        if (Rename(from, to) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == CrossDevice ? false : throw Failure("rename", $"{from} to {to}");
    }

    /// <summary>Gives a file a second name; false when something has that name already.</summary>
    public static bool TryLink(string from, string to)
    {
        if (OperatingSystem.IsWindows())
        {
            return TryMoveNew(from, to);
        }

        if (Link(from, to) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() switch
        {
            AlreadyExists => false,

            // Some file systems know no links; there the check comes a moment before the rename.
            NotPermitted or NotSupported => TryMoveNew(from, to),
            _ => throw Failure("link", $"{from} to {to}"),
        };
    }

    private static bool TryMoveNew(string from, string to)
    {
        try
        {
            File.Move(from, to, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(to))
        {
            return false;
        }
    }

    private static IOException Failure(string call, string path) =>
        new($"{call} {path}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);
}
