using System.ComponentModel.DataAnnotations;

namespace IotAnalytics.Web.Jobs;

/// <summary>Section <c>Jobs</c>: work by the clock.</summary>
public sealed class JobsOptions
{
    public const string Section = "Jobs";

    /// <summary><c>InMemory</c>: each host has its jobs, and makes the schedule again at every start. <c>PostgreSql</c>: the hosts share one queue in the
    /// database of <c>ConnectionStrings:Analytics</c> (schema <c>hangfire</c>), and each job runs on one of them. Default <c>InMemory</c>.</summary>
    [Required, AllowedValues("InMemory", "PostgreSql")]
    public string Provider { get; set; } = "InMemory";

    /// <summary>Show Hangfire's dashboard at <c>/jobs</c>, behind the login. Default false.</summary>
    public bool Dashboard { get; set; }
}
