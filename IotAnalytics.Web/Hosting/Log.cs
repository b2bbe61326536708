namespace IotAnalytics.Web.Hosting;

internal static partial class Log
{
    [LoggerMessage(WebEventIds.SettingsLoaded, LogLevel.Information, "Settings: {File}. Data directory: {DataDirectory}.")]
    public static partial void SettingsLoaded(ILogger logger, string file, string dataDirectory);

    [LoggerMessage(WebEventIds.Starting, LogLevel.Information, "IotAnalytics {Version}, process {ProcessId}, starts at {Time:O}.")]
    public static partial void Starting(ILogger logger, string version, int processId, DateTime time);

    [LoggerMessage(WebEventIds.NotEncrypted, LogLevel.Warning, "Other machines reach {Addresses} without TLS: keys and readings travel in clear. Configure a certificate in Kestrel:Endpoints, or put a proxy with TLS in front.")]
    public static partial void NotEncrypted(ILogger logger, string addresses);

    [LoggerMessage(WebEventIds.StepStarted, LogLevel.Information, "Started {Step} in {Milliseconds:F0} ms.")]
    public static partial void StepStarted(ILogger logger, string step, double milliseconds);

    [LoggerMessage(WebEventIds.StepStopped, LogLevel.Information, "Stopped {Step} in {Milliseconds:F0} ms.")]
    public static partial void StepStopped(ILogger logger, string step, double milliseconds);

    [LoggerMessage(WebEventIds.StartFailed, LogLevel.Critical, "The host cannot start.")]
    public static partial void StartFailed(ILogger logger, Exception exception);

    [LoggerMessage(WebEventIds.ServiceFailed, LogLevel.Critical, "{Service} failed and ended the host.")]
    public static partial void ServiceFailed(ILogger logger, Exception exception, string service);

    [LoggerMessage(WebEventIds.DemoSensorsEnded, LogLevel.Warning, "The demo's sensors have ended.")]
    public static partial void DemoSensorsEnded(ILogger logger, Exception exception);

    [LoggerMessage(WebEventIds.RequestFailed, LogLevel.Error, "{Method} {Path} failed, trace {TraceId}.")]
    public static partial void RequestFailed(ILogger logger, Exception exception, string method, string path, string traceId);

    [LoggerMessage(WebEventIds.DatabaseUnavailable, LogLevel.Warning, "{Method} {Path}: the database does not answer, trace {TraceId}.")]
    public static partial void DatabaseUnavailable(ILogger logger, Exception exception, string method, string path, string traceId);

    [LoggerMessage(WebEventIds.AdministratorKeyCreated, LogLevel.Information, "No key existed: the administrator's key is in {Path}.")]
    public static partial void AdministratorKeyCreated(ILogger logger, string path);

    [LoggerMessage(WebEventIds.LoggedIn, LogLevel.Information, "Login by {Means}.")]
    public static partial void LoggedIn(ILogger logger, string means);

    [LoggerMessage(WebEventIds.LoginRefused, LogLevel.Warning, "Login by {Means} refused.")]
    public static partial void LoginRefused(ILogger logger, string means);

    [LoggerMessage(WebEventIds.KeyUsageNotSaved, LogLevel.Warning, "The last use of keys could not be saved.")]
    public static partial void KeyUsageNotSaved(ILogger logger, Exception exception);
}
