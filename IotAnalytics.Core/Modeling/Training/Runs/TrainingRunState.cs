namespace IotAnalytics.Core.Modeling.Training.Runs;

/// <summary>States of a run, as stored.</summary>
internal static class TrainingRunState
{
    public const string Queued = "queued";
    public const string Running = "running";
    public const string Succeeded = "succeeded";
    public const string Failed = "failed";
    public const string Cancelled = "cancelled";

    public static IReadOnlyList<string> All { get; } = [Queued, Running, Succeeded, Failed, Cancelled];
}

/// <summary>Why a run was asked for, as stored.</summary>
internal static class TrainingReason
{
    public const string Schedule = "schedule";
    public const string Request = "request";
    public const string Drift = "drift";
}

/// <summary>A run that a host has taken. Attempts tell one taking from the next: an owner whose lease ended touches nothing any more.</summary>
internal sealed record TakenRun(long RunId, string Name, string RequestedBy, long FromMs, long ToMs, long Seed, string Owner, int Attempts);

/// <summary>How far a run is; written by the run, read by its heartbeat.</summary>
internal sealed class TrainingProgress
{
    private long _rows;
    private volatile string _stage = "begins";
    private double _share;

    public string Stage => _stage;

    /// <summary>0 to 1.</summary>
    public double Share => Volatile.Read(ref _share);

    public long Rows => Volatile.Read(ref _rows);

    public void Report(string stage, double share, long rows)
    {
        _stage = stage;
        Volatile.Write(ref _share, share);
        Volatile.Write(ref _rows, rows);
    }
}

/// <summary>The run is no longer this host's: its lease ended, or somebody cancelled it.</summary>
internal sealed class TrainingRunLostException(long runId) : Exception($"Training run {runId} is no longer this host's.");

/// <summary>A run cannot be queued; the message says why.</summary>
internal sealed class TrainingRefusedException(string message) : Exception(message);
