namespace IotAnalytics.Web.Hosting;

/// <summary>Log event ids of the web project: 5000 to 5999. An id is never given a second meaning.</summary>
internal static class WebEventIds
{
    public const int SettingsLoaded = 5000;
    public const int StepStarted = 5001;
    public const int StepStopped = 5002;
    public const int RequestFailed = 5003;
    public const int DatabaseUnavailable = 5004;
    public const int Starting = 5005;
    public const int StartFailed = 5006;
    public const int ServiceFailed = 5007;
    public const int DemoSensorsEnded = 5008;
    public const int NotEncrypted = 5009;
    public const int JobsNotScheduled = 5010;
    public const int AdministratorKeyCreated = 5100;
    public const int LoggedIn = 5101;
    public const int LoginRefused = 5102;
    public const int KeyUsageNotSaved = 5103;
}
