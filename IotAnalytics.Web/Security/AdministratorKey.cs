using System.Globalization;
using IotAnalytics.Core;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Hosting;
using IotAnalytics.Web.Security.Audit;
using IotAnalytics.Web.Security.Keys;

namespace IotAnalytics.Web.Security;

/// <summary>Makes the first key where there is none: its hash in the database, the key itself in a file that only the owner reads.</summary>
internal sealed class AdministratorKey(DatabaseWriter writer, DataDirectory dataDirectory, ApiKeyStore keys, TimeProvider time, ILogger<AdministratorKey> logger)
{
    /// <summary>Below the data directory; one line, the key.</summary>
    public const string FileName = "admin.key";

    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        var path = dataDirectory.Combine(FileName);
        var temporary = path + ".new";
        var key = KeySecret.Create();

        // The file is complete before the hash is committed: a crash in between leaves no key that nobody knows.
        await WriteAsync(temporary, key, cancellationToken);
        var created = await writer.WriteAsync(
            transaction =>
            {
                transaction.TakeTurn("administrator key");
                using var count = transaction.Query("SELECT count(*) FROM api_key");
                if (Convert.ToInt64(count.ExecuteScalar(), CultureInfo.InvariantCulture) > 0)
                {
                    return false;
                }

                ApiKeyRegistry.Insert(
                    transaction, Scopes.Administrator, Scopes.Administrator, key, null, time.GetUtcNow(), Actor.Host, AuditActions.AdministratorKeyCreated);
                File.Move(temporary, path, overwrite: true);
                return true;
            },
            cancellationToken);
        if (created)
        {
            keys.Forget();
            Log.AdministratorKeyCreated(logger, path);
        }
        else
        {
            File.Delete(temporary);
        }
    }

    private static async Task WriteAsync(string path, string key, CancellationToken cancellationToken)
    {
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using var stream = new FileStream(path, options);
        await using var writer = new StreamWriter(stream);
        await writer.WriteLineAsync(key.AsMemory(), cancellationToken);
        await writer.FlushAsync(cancellationToken);
        stream.Flush(flushToDisk: true);
    }
}
