namespace IotAnalytics.Core.Diagnostics;

public static partial class EventIds
{
    public const int LogOpened = 1001;
    public const int LogClosed = 1002;
    public const int AppendsFailing = 1003;
    public const int AppendsResumed = 1004;
    public const int LogMaintenanceFailed = 1005;
    public const int LogWriterStopped = 1006;
}
