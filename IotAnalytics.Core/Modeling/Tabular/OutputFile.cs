namespace IotAnalytics.Core.Modeling.Tabular;

/// <summary>A file that appears under its name only when it is complete.</summary>
internal static class OutputFile
{
    /// <summary>Writes beside the target and moves it there; devices (<c>/dev/stdout</c>) are written directly. A failure leaves nothing behind.</summary>
    /// <exception cref="IOException">The folder is missing or may not be written, or the disk is full.</exception>
    public static void Write(string path, Action<Stream> content)
    {
        var target = Path.GetFullPath(path);
        if (target.StartsWith("/dev/", StringComparison.Ordinal))
        {
            using var device = Open(path, target, FileMode.Open);
            content(device);
            return;
        }

        if (Directory.Exists(target))
        {
            throw new IOException($"{path} is a folder.");
        }

        var temporary = $"{target}.part";
        var file = Open(path, temporary, FileMode.Create);
        try
        {
            using (file)
            {
                content(file);
            }

            File.Move(temporary, target, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static FileStream Open(string shown, string path, FileMode mode)
    {
        try
        {
            return new FileStream(path, mode, FileAccess.Write);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var reason = e is DirectoryNotFoundException or FileNotFoundException ? "no such folder" : e.Message.TrimEnd('.');
            throw new IOException($"{shown}: cannot be written ({reason}).", e);
        }
    }
}
