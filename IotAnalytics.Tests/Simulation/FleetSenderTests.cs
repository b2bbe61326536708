using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Simulation;
using IotAnalytics.Core.Simulation.Targets;
using IotAnalytics.Tests.Simulation.Targets;

namespace IotAnalytics.Tests.Simulation;

public class FleetSenderTests
{
    private static readonly SensorProfile Pump = new(
        "pump",
        TimeSpan.FromSeconds(1),
        [new MeasurementDefinition("pressure", "bar", 0, 30, Normal: null, Anomalous: null)],
        [new FeatureDefinition("pressure", "pressure")],
        [new DetectorDefinition("IsolationForest", 100, 256, 0.1, 0.001)]);

    private readonly CancellationToken _token = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, 1_000, 4)]
    [InlineData(0, 2, 2)]
    [InlineData(2_000, 1_000, 1)]
    [InlineData(5_000, 1_000, 4)]
    public void A_fast_fleet_is_divided_among_lanes(double rate, int sensors, int lanes) =>
        Assert.Equal(lanes, new FleetSchedule(rate, 10, 100).Lanes(sensors));

    [Theory]
    [InlineData(0, 1_000)]
    [InlineData(2.5, 1)]
    [InlineData(500, 50)]
    [InlineData(1_000_000, 1_000)]
    public void The_default_batch_is_a_tenth_of_a_second(double rate, int batch) => Assert.Equal(batch, FleetSchedule.DefaultBatch(rate));

    [Fact]
    public async Task Stopping_an_endless_run_finishes_the_bodies_under_way()
    {
        await using var host = await FakeReadingsHost.StartAsync();
        using var target = Target(host);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_token);
        host.MisbehaveAfterStore = async (number, _) =>
        {
            if (number == 3)
            {
                await stop.CancelAsync();
            }

            return false;
        };
        var sender = Sender(target, new FleetSchedule(100, 1, Count: null));

        await sender.RunAsync(stop.Token);

        Assert.Equal(3, sender.Sent);
        Assert.Equal(3, target.Accepted);
    }

    [Fact]
    public async Task A_refusal_ends_all_lanes_of_an_endless_run()
    {
        await using var host = await FakeReadingsHost.StartAsync();
        using var target = Target(host);
        host.Misbehave = async (number, context) =>
        {
            if (number < 10)
            {
                return false;
            }

            await FakeReadingsHost.ProblemAsync(context, 401, "Revoked.");
            return true;
        };

        await Assert.ThrowsAsync<ReadingsTargetException>(() => Sender(target, new FleetSchedule(10_000, 10, Count: null)).RunAsync(_token));
    }

    private static HttpReadingsTarget Target(FakeReadingsHost host) =>
        new(new HttpTargetOptions { Url = new Uri(host.Address + "/api/v1/readings") }, 4, TimeProvider.System);

    private static FleetSender Sender(HttpReadingsTarget target, FleetSchedule schedule) =>
        new(Pump, new SimulationOptions { Sensors = 20 }, schedule, target, truth: null, TimeProvider.System);
}
