using IotAnalytics.Tests.Conformance;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Modeling.Training.Runs;

public sealed class SqliteTrainingQueueTests : TrainingQueueConformance
{
    private protected override Task<TestDatabase> CreateAsync() => Task.FromResult(new TestDatabase());
}

public sealed class PostgreSqlTrainingQueueTests(PostgreSqlServer server) : TrainingQueueConformance
{
    private protected override async Task<TestDatabase> CreateAsync() => new(await server.NewSettingsAsync());
}
