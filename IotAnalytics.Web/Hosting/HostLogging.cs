using Microsoft.Extensions.Logging.Console;

namespace IotAnalytics.Web.Hosting;

/// <summary>One line an event on the console, as text or as JSON, times in UTC; <c>Logging:LogLevel</c> overrides the levels.</summary>
internal static class HostLogging
{
    /// <summary><c>simple</c>, the default, or <c>json</c>: the event's id, its fields by name, and trace and span where there are some, for a log store.</summary>
    public const string FormatKey = "Logging:Console:FormatterName";
    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";

    public static void Configure(WebApplicationBuilder builder)
    {
        if (builder.Configuration[FormatKey] == ConsoleFormatterNames.Json)
        {
            builder.Logging.AddJsonConsole(o => (o.UseUtcTimestamp, o.TimestampFormat, o.IncludeScopes) = (true, TimeFormat, true));
            builder.Logging.Configure(o => o.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
        }
        else
        {
            builder.Logging.AddSimpleConsole(o =>
            {
                o.SingleLine = true;
                o.UseUtcTimestamp = true;
                o.TimestampFormat = TimeFormat + " ";
                o.ColorBehavior = LoggerColorBehavior.Default;
            });
        }

        builder.Logging
            .SetMinimumLevel(LogLevel.Information)
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("Hangfire", LogLevel.Warning)
            .AddFilter("System.Net.Http", LogLevel.Warning)
            // Failed starts and services are told once, by HostRun.
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None)
            // It tells every refused request; those are counted.
            .AddFilter(typeof(Security.ApiKeyHandler).FullName, LogLevel.Warning)
            // Its only warning, that keys lie unencrypted in a folder of mode 0700, is by design and documented.
            .AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error)
            .AddConfiguration(builder.Configuration.GetSection("Logging"));
        builder.Services.Configure<ConsoleLifetimeOptions>(o => o.SuppressStatusMessages = true);
    }

    public static IEnumerable<string> Errors(IConfiguration configuration) => configuration[FormatKey] is { } format and not (ConsoleFormatterNames.Simple or ConsoleFormatterNames.Json)
        ? [$"{FormatKey} = '{format}': accepted {ConsoleFormatterNames.Simple}, {ConsoleFormatterNames.Json}"]
        : [];
}
