namespace IotAnalytics.Core.Modeling.Tabular;

/// <summary>A file that appears under its name only when it is complete.</summary>
internal static class OutputFile
{
    /// <summary>Writes beside the target and moves it there; devices (<c>/dev/stdout</c>) are written directly. A failure leaves nothing behind.</summary>
    /// <exception cref="IOException">The folder is missing or the disk is full.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static void Write(string path, Action<Stream> content)
    {
        var target = Path.GetFullPath(path);
        if (target.StartsWith("/dev/", StringComparison.Ordinal))
        {
            using var device = new FileStream(target, FileMode.Open, FileAccess.Write);
            content(device);
            return;
        }

        if (Directory.Exists(target))
        {
            throw new IOException($"{path} is a folder.");
        }

        var temporary = $"{target}.part";
        try
        {
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
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
}
