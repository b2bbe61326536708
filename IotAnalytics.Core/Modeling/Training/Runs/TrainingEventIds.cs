namespace IotAnalytics.Core.Diagnostics;

public static partial class EventIds
{
    public const int TrainingRunQueued = 4100;
    public const int TrainingRunTaken = 4101;
    public const int TrainingRunSucceeded = 4102;
    public const int TrainingRunFailed = 4103;
    public const int TrainingRunRetried = 4104;
    public const int TrainingRunCancelled = 4105;
    public const int TrainingRunLost = 4106;
    public const int TrainingQueueUnavailable = 4107;
    public const int TrainingRunNotQueued = 4108;
    public const int TrainingMemoryLost = 4109;
}
