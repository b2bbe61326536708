using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IotAnalytics.Web.Hosting;

/// <summary>Opens a certificate of the section <c>Kestrel</c> before anything listens, so that a wrong path or password is one clear line. The password is never told.</summary>
internal static class CertificateCheck
{
    /// <summary>What is wrong with it, by its key; null when it can be used.</summary>
    public static string? Objection(IConfigurationSection certificate)
    {
        var path = certificate["Path"];
        if (string.IsNullOrEmpty(path))
        {
            // From the certificate store of the system, which Kestrel looks through itself.
            return string.IsNullOrEmpty(certificate["Subject"]) ? $"{certificate.Path}: accepted Path with Password or KeyPath, or Subject with Store" : null;
        }

        var (file, keyFile) = (Full(path), certificate["KeyPath"] is { Length: > 0 } key ? Full(key) : null);
        foreach (var (name, given, full) in new[] { ("Path", path, file), ("KeyPath", certificate["KeyPath"], keyFile) })
        {
            if (full is not null && !File.Exists(full))
            {
                return $"{certificate.Path}:{name} = '{given}': there is no such file; accepted a PFX file, or PEM files with KeyPath";
            }
        }

        try
        {
            using var opened = Open(file, keyFile, certificate["Password"]);
            return opened.HasPrivateKey ? null : $"{certificate.Path}:Path = '{path}': it has no private key; accepted a PFX file with its key, or PEM files with KeyPath";
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            return $"{certificate.Path}:Path = '{path}': it cannot be opened, or not with this Password; accepted a PFX file, or PEM files with KeyPath";
        }
    }

    private static X509Certificate2 Open(string file, string? keyFile, string? password) => (keyFile, password) switch
    {
        ({ } key, { Length: > 0 }) => X509Certificate2.CreateFromEncryptedPemFile(file, password, key),
        ({ } key, _) => X509Certificate2.CreateFromPemFile(file, key),
        _ when X509Certificate2.GetCertContentType(file) == X509ContentType.Cert => X509CertificateLoader.LoadCertificateFromFile(file),
        _ => X509CertificateLoader.LoadPkcs12FromFile(file, password),
    };

    /// <summary>As Kestrel finds it: relative to the program's folder.</summary>
    private static string Full(string path) => Path.Combine(AppContext.BaseDirectory, path);
}
