using IotAnalytics.Core;
using IotAnalytics.Web.Commands;

namespace IotAnalytics.Web.Hosting;

/// <summary>Makes the data directory, readable by its owner only, and proves that it can be written.</summary>
internal static class DataDirectorySetup
{
    public const string Key = "DataDirectory";
    public const string Default = "data";

    public static DataDirectory Create(string configured)
    {
        var path = Path.GetFullPath(configured);
        try
        {
            if (!Directory.Exists(path))
            {
                if (OperatingSystem.IsWindows())
                {
                    Directory.CreateDirectory(path);
                }
                else
                {
                    Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                }
            }

            var probe = Path.Combine(path, $".probe-{Environment.ProcessId}");
            using (File.Create(probe, 1, FileOptions.DeleteOnClose))
            {
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(CommandLine.Failed, $"{Key} = '{path}' cannot be written: {e.Message}", e);
        }

        return new DataDirectory(path);
    }
}
