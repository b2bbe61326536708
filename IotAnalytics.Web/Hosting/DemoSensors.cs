using IotAnalytics.Core;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Simulation;
using IotAnalytics.Core.Simulation.Targets;
using IotAnalytics.Web.Security;

namespace IotAnalytics.Web.Hosting;

/// <summary><c>serve --demo</c>: five simulated sensors that send to this very host, over HTTP as real ones would.</summary>
internal static class DemoSensors
{
    private const int Sensors = 5;
    private const double ReadingsPerSecond = 2.5;
    private const double AnomalyRate = 0.1;

    /// <summary>Sends until the host stops. Never throws: a demo that cannot send is a line in the log.</summary>
    public static async Task RunAsync(WebApplication app)
    {
        var catalog = app.Services.GetRequiredService<ProfileCatalog>();
        var time = app.Services.GetRequiredService<TimeProvider>();
        var key = app.Services.GetRequiredService<DataDirectory>().Combine(AdministratorKey.FileName);
        var profile = catalog.Profiles[Math.Max(0, catalog.IndexOf("climate"))];
        var simulation = new SimulationOptions { Sensors = Sensors, AnomalyRate = AnomalyRate, Seed = time.GetUtcNow().Ticks, Mode = SimulationMode.Independent };
        var schedule = new FleetSchedule(ReadingsPerSecond, FleetSchedule.DefaultBatch(ReadingsPerSecond), Count: null);
        try
        {
            var to = new HttpTargetOptions
            {
                Url = new Uri(new Uri(app.Urls.First()), "/api/v1/readings"),
                Key = (await File.ReadAllTextAsync(key, app.Lifetime.ApplicationStopping)).Trim(),
            };
            using var target = new HttpReadingsTarget(to, schedule.Lanes(Sensors), time);
            await new FleetSender(profile, simulation, schedule, target, truth: null, time).RunAsync(app.Lifetime.ApplicationStopping);
        }
        catch (Exception e) when (e is ReadingsTargetException or IOException or UnauthorizedAccessException)
        {
            Log.DemoSensorsEnded(app.Logger, e);
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // The host stops.
        }
    }
}
