using System.ComponentModel.DataAnnotations;

namespace IotAnalytics.Web.Jobs;

/// <summary>Section <c>Jobs</c>: work by the clock.</summary>
public sealed class JobsOptions
{
    public const string Section = "Jobs";

    /// <summary><c>InMemory</c>: the schedule is made again at every start. Default <c>InMemory</c>.</summary>
    [Required, AllowedValues("InMemory")]
    public string Provider { get; set; } = "InMemory";

    /// <summary>Show Hangfire's dashboard at <c>/jobs</c>, behind the login. Default false.</summary>
    public bool Dashboard { get; set; }
}
