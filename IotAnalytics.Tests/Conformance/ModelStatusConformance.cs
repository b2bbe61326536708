using System.Diagnostics.Metrics;
using IotAnalytics.Core.Diagnostics;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Modeling.SelfChecks;
using IotAnalytics.Core.Modeling.Training.Runs;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Tests.Modeling;
using IotAnalytics.Tests.Modeling.Registry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace IotAnalytics.Tests.Conformance;

/// <summary>The models' own checks, on every database.</summary>
public abstract class ModelStatusConformance : IAsyncLifetime
{
    private static readonly DateTime Start = new(2026, 3, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly ProfileCatalog Catalog = new([SampleModels.Climate]);
    private readonly FakeTimeProvider _time = new(Start);
    private TestDatabase _database = null!;
    private ModelRegistry _registry = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A new, empty database.</summary>
    private protected abstract Task<TestDatabase> CreateAsync();

    public async ValueTask InitializeAsync()
    {
        _database = await CreateAsync();
        await _database.MigrateAsync();
        _registry = new ModelRegistry(
            _database.Reader, _database.Writer, new MemoryLakeStore(), Catalog, Options.Create(new LakeOptions()), Options.Create(new ModelingOptions()), _time,
            NullLogger<ModelRegistry>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_profile_without_a_model_says_so()
    {
        var status = Assert.Single(await ReadAsync());

        Assert.Equal(("climate", null, ModelCheck.NoModel), (status.Name, status.Champion, status.State));
        Assert.Null(status.Age);
    }

    [Fact]
    public async Task A_model_without_a_profile_says_so()
    {
        await _registry.EnsureBootstrapAsync(Catalog, Token);

        var status = Assert.Single(await Statuses(new ProfileCatalog([SampleModels.Climate with { Name = "other" }])).ReadAsync(Token), s => s.Name == "climate");

        Assert.Equal(ModelCheck.NoProfile, status.State);
    }

    [Fact]
    public async Task A_healthy_model_is_well_and_tells_its_age_and_its_rate()
    {
        await PromoteAsync(rate: 0.001);
        await MinutesAsync(hours: 9, readings: 150, anomalies: minute => minute % 7 == 0 ? 1 : 0);
        await SensorsAsync(count: 4, warmingUp: 1);
        _time.Advance(TimeSpan.FromDays(1));

        var status = Assert.Single(await ReadAsync());

        Assert.Equal((ModelCheck.Ok, "2"), (status.State, status.Champion));
        Assert.Equal((Start.AddMinutes(5), TimeSpan.FromMinutes(5 + 24 * 60)), (status.ChampionSince, status.Age));
        Assert.Equal(0.001, status.AlarmRate!.Target);
        Assert.Equal(1.0 / 7 / 150, status.AlarmRate.Recent.Rate, 1e-4);
        Assert.Equal(7, status.AlarmRate.Hours.Count);
    }

    [Fact]
    public async Task A_champion_is_not_judged_by_what_another_one_flagged()
    {
        await MinutesAsync(hours: 8, readings: 150, anomalies: _ => 100);
        _time.Advance(TimeSpan.FromDays(1));
        await PromoteAsync(rate: 0.001);

        var status = Assert.Single(await ReadAsync());

        Assert.Null(status.AlarmRate);
        Assert.Equal(ModelCheck.Ok, status.State);
    }

    [Fact]
    public async Task The_first_champion_is_judged_by_history_that_was_loaded_too()
    {
        _time.Advance(TimeSpan.FromDays(365));
        await _registry.EnsureBootstrapAsync(Catalog, Token);
        await MinutesAsync(hours: 8, readings: 150, anomalies: _ => 75);

        Assert.Equal(ModelCheck.AlarmRateHigh, Assert.Single(await ReadAsync()).State);
    }

    [Fact]
    public async Task An_alarm_rate_that_stays_extreme_is_told_with_its_figures()
    {
        await PromoteAsync(rate: 0.001);
        await MinutesAsync(hours: 8, readings: 150, anomalies: _ => 75);

        var finding = Assert.Single(Assert.Single(await ReadAsync()).Findings);

        Assert.Equal(ModelCheck.AlarmRateHigh, finding.Check);
        Assert.Equal("It flagged 27000 of 54000 readings in 6 full hours, 50%; it was made for 0.1%.", finding.Message);
    }

    [Fact]
    public async Task A_champion_beyond_its_limit_is_too_old()
    {
        await PromoteAsync(rate: 0.001);
        _time.Advance(TimeSpan.FromDays(89));
        Assert.Equal(ModelCheck.Ok, Assert.Single(await ReadAsync()).State);
        _time.Advance(TimeSpan.FromDays(2));

        var finding = Assert.Single(Assert.Single(await ReadAsync()).Findings);

        Assert.Equal((ModelCheck.TooOld, "It was made 91 days ago; the limit is 90 days."), (finding.Check, finding.Message));
    }

    [Fact]
    public async Task Sensors_that_warm_up_are_counted_when_they_are_half_of_those_seen()
    {
        await PromoteAsync(rate: 0.001);
        await SensorsAsync(count: 4, warmingUp: 2);

        var finding = Assert.Single(Assert.Single(await ReadAsync()).Findings);

        Assert.Equal((ModelCheck.WarmingUp, "2 of 4 sensors have had fewer than 200 readings."), (finding.Check, finding.Message));
    }

    [Fact]
    public async Task A_measurement_that_never_moves_makes_its_features_constant_and_no_others()
    {
        await PromoteAsync(rate: 0.001);
        await SensorsAsync(count: 2, warmingUp: 0);
        await RollupsAsync("humidity", (50, 50), readings: 300);
        await RollupsAsync("temperature", (20, 22), readings: 300);

        var finding = Assert.Single(Assert.Single(await ReadAsync()).Findings);

        Assert.Equal(ModelCheck.ConstantFeature, finding.Check);
        Assert.Equal("The feature humidity has one value only: humidity is 50 in all readings of the last 24 hours.", finding.Message);
    }

    [Fact]
    public async Task A_few_equal_readings_are_not_constant()
    {
        await PromoteAsync(rate: 0.001);
        await SensorsAsync(count: 2, warmingUp: 0);
        await RollupsAsync("humidity", (50, 50), readings: 90);

        Assert.Equal(ModelCheck.Ok, Assert.Single(await ReadAsync()).State);
    }

    [Fact]
    public async Task A_model_that_learned_from_one_value_says_so()
    {
        var constant = await CandidateAsync(0.001);
        await AddAndPromoteAsync(constant with { ExpectedRanges = [constant.ExpectedRanges[0], new ExpectedRange(40, 40)] });

        var finding = Assert.Single(Assert.Single(await ReadAsync()).Findings);

        Assert.Equal("The feature humidity has one value only: humidity is 40 in the readings that the champion learned from.", finding.Message);
    }

    [Fact]
    public async Task What_begins_to_fail_is_logged_once_and_metered_until_it_is_well_again()
    {
        await PromoteAsync(rate: 0.001);
        await MinutesAsync(hours: 8, readings: 150, anomalies: _ => 75);
        var log = new RecordingLogger();
        using var service = new ModelCheckService(Statuses(Catalog), _time, log);
        using var meters = new OwnMeters();

        await service.CheckAsync(Token);
        await service.CheckAsync(Token);
        Assert.Equal([(LogLevel.Warning, EventIds.ModelCheckFailed)], log.Lines);
        Assert.Equal((1, 0), (meters["iot.model.check", ModelCheck.AlarmRateHigh], meters["iot.model.check", ModelCheck.NoModel]));
        Assert.Equal((2, 0.5), (meters["iot.model.version", ""], meters["iot.model.alarm_rate", ""]));

        _time.Advance(TimeSpan.FromDays(1));
        await _registry.SetChampionAsync("climate", "1", "2", "me", "too loud", Token);
        await service.CheckAsync(Token);
        Assert.Equal((LogLevel.Information, EventIds.ModelCheckPassed), log.Lines[^1]);
        Assert.Equal((1, 0), (meters["iot.model.version", ""], meters["iot.model.check", ModelCheck.AlarmRateHigh]));
    }

    private Task<IReadOnlyList<ModelStatus>> ReadAsync() => Statuses(Catalog).ReadAsync(Token);

    private ModelStatuses Statuses(ProfileCatalog catalog) => new(_database.Reader, catalog, Options.Create(new TrainingPolicies()), _time);

    private async Task<ModelSnapshot> CandidateAsync(double rate)
    {
        await _registry.EnsureBootstrapAsync(Catalog, Token);
        var champion = (await _registry.GetChampionAsync("climate", Token))!;
        return champion with { Card = champion.Card with { Threshold = new ModelCardThreshold(champion.Threshold, ModelCardThreshold.AlarmRate, rate) } };
    }

    /// <summary>Version 2 is the champion, made at the start and promoted five minutes later.</summary>
    private async Task PromoteAsync(double rate) => await AddAndPromoteAsync(await CandidateAsync(rate));

    private async Task AddAndPromoteAsync(ModelSnapshot candidate)
    {
        var version = (await _registry.AddVersionAsync(candidate, "me", trainingRunId: null, together: null, Token)).Version;
        _time.Advance(TimeSpan.FromMinutes(5));
        await _registry.SetChampionAsync("climate", version, expectedPrevious: null, "me", "a test", Token);
    }

    /// <summary>Minutes from the start on, the readings of which are in two partitions.</summary>
    private async Task MinutesAsync(int hours, int readings, Func<int, int> anomalies)
    {
        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        for (var minute = 0; minute < hours * 60; minute++)
        {
            context.PipelineMinutes.Add(Minute(minute, partition: 0, readings - 50 - anomalies(minute), anomalies(minute)));
            context.PipelineMinutes.Add(Minute(minute, partition: 1, normal: 60, anomalies: 0));
        }

        await context.SaveChangesAsync(Token);

        // Ten of the normal ones were not scored.
        PipelineMinute Minute(int minute, int partition, int normal, int anomalies) => new()
        {
            Profile = "climate",
            BucketStart = Start.AddMinutes(minute),
            SourceId = 1,
            Partition = partition,
            Readings = normal + anomalies,
            Normal = normal,
            Anomalies = anomalies,
            NotScored = partition * 10,
        };
    }

    private async Task SensorsAsync(int count, int warmingUp)
    {
        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        for (var i = 0; i < count + 1; i++)
        {
            // The last one has been silent for long.
            var time = i == count ? Start.AddDays(-3) : Start;
            context.Sensors.Add(new Sensor
            {
                SensorKey = 1 + i,
                SensorId = $"s{i}",
                Profile = "climate",
                FirstSeenAt = time,
                LastEventTime = time,
                LastRecordTime = time,
                LastFlags = i < warmingUp || i == count ? (int)ReadingFlags.WarmingUp : 0,
            });
        }

        await context.SaveChangesAsync(Token);
    }

    /// <summary>Of both sensors, in the hour before the start.</summary>
    private async Task RollupsAsync(string measurement, (double Min, double Max) values, int readings)
    {
        await using var context = await _database.Contexts.CreateDbContextAsync(Token);
        for (var sensor = 1; sensor <= 2; sensor++)
        {
            context.SensorMinutes.Add(new SensorMinute
            {
                SensorKey = sensor,
                Measurement = measurement,
                BucketStart = Start.AddMinutes(-30),
                ReadingCount = readings,
                ValueMin = values.Min,
                ValueMax = values.Max,
                ValueSum = values.Min * readings,
            });
        }

        await context.SaveChangesAsync(Token);
    }

    private sealed class RecordingLogger : ILogger<ModelCheckService>
    {
        public List<(LogLevel Level, int Id)> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add((logLevel, eventId.Id));
    }

    /// <summary>What this test records itself: other tests use the same meter at the same time.</summary>
    private sealed class OwnMeters : IDisposable
    {
        private static readonly AsyncLocal<OwnMeters?> Current = new();
        private readonly MeterListener _listener = new();
        private readonly Dictionary<(string Instrument, string Check), double> _values = [];

        public OwnMeters()
        {
            Current.Value = this;
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name.StartsWith("iot.model.", StringComparison.Ordinal))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
            _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags));
            _listener.Start();
        }

        public double this[string instrument, string check] => _values[(instrument, check)];

        public void Dispose() => _listener.Dispose();

        private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (Current.Value == this)
            {
                _values[(instrument.Name, tags.ToArray().FirstOrDefault(t => t.Key == "check").Value as string ?? "")] = value;
            }
        }
    }
}

public sealed class SqliteModelStatusTests : ModelStatusConformance
{
    private protected override Task<TestDatabase> CreateAsync() => Task.FromResult(new TestDatabase());
}

public sealed class PostgreSqlModelStatusTests(PostgreSqlServer server) : ModelStatusConformance
{
    private protected override async Task<TestDatabase> CreateAsync() => new(await server.NewSettingsAsync());
}
