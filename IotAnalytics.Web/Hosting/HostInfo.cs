using System.Reflection;

namespace IotAnalytics.Web.Hosting;

/// <summary>Facts of this process that <c>GET /host</c> and the page show.</summary>
internal sealed class HostInfo(TimeProvider time)
{
    /// <summary>Of the build, without the commit.</summary>
    public static string Version { get; } = typeof(HostInfo).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();
}
