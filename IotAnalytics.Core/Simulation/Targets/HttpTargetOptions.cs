namespace IotAnalytics.Core.Simulation.Targets;

/// <summary>How an <see cref="HttpReadingsTarget"/> posts.</summary>
internal sealed record HttpTargetOptions
{
    /// <summary>The full address of <c>POST /api/v1/readings</c>.</summary>
    public required Uri Url { get; init; }

    /// <summary>The API key, or null for a host that asks for none.</summary>
    public string? Key { get; init; }

    /// <summary>Sends <c>Iot-Record-Time: event</c>: the newest event time of a body becomes its record time.</summary>
    public bool RecordTimeFromEvents { get; init; }

    /// <summary>Counts a body that the host refuses because none of its readings can be read, instead of ending the run.</summary>
    public bool SkipUnreadable { get; init; }

    /// <summary>Time for one attempt. Default 30 s.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one body is tried before the run ends. Default 2 minutes.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The same while nothing has ever answered at the address: a wrong address should not take minutes to notice. Default 5 s.</summary>
    public TimeSpan FirstAnswerWithin { get; init; } = TimeSpan.FromSeconds(5);
}
