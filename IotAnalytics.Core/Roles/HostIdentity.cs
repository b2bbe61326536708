namespace IotAnalytics.Core.Roles;

/// <summary>The name of this process in claims, roles and status rows: host name and process id.</summary>
internal sealed record HostIdentity(string Name)
{
    public static HostIdentity OfThisProcess() => new($"{Environment.MachineName}:{Environment.ProcessId}");
}
