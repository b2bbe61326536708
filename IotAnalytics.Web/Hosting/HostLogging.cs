using Microsoft.Extensions.Logging.Console;

namespace IotAnalytics.Web.Hosting;

/// <summary>One line an event on the console, times in UTC; <c>Logging:LogLevel</c> overrides the levels.</summary>
internal static class HostLogging
{
    public static void Configure(WebApplicationBuilder builder)
    {
        builder.Logging
            .AddSimpleConsole(o =>
            {
                o.SingleLine = true;
                o.UseUtcTimestamp = true;
                o.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                o.ColorBehavior = LoggerColorBehavior.Default;
            })
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
}
