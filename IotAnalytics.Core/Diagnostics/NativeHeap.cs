using System.Runtime.InteropServices;

namespace IotAnalytics.Core.Diagnostics;

/// <summary>The heap of the libraries that are not .NET: librdkafka's fetches above all.</summary>
internal static partial class NativeHeap
{
    /// <summary>M_MMAP_THRESHOLD of mallopt(3).</summary>
    private const int MmapThreshold = -3;

    private const int LargeBytes = 256 * 1024;

    /// <summary>
    /// A large block goes back to the system when it is freed. Without it glibc raises the threshold to the largest block it has seen, and keeps the holes that such blocks
    /// leave. Does nothing where the C library is another.
    /// </summary>
    public static void ReturnLargeBlocks()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            _ = MallOpt(MmapThreshold, LargeBytes);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Not glibc.
        }
    }

    [LibraryImport("libc.so.6", EntryPoint = "mallopt")]
    private static partial int MallOpt(int parameter, int value);
}
