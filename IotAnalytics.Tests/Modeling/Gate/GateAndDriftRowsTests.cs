using IotAnalytics.Tests.Conformance;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Modeling.Gate;

public sealed class SqliteGateAndDriftRowsTests : GateAndDriftRowsConformance
{
    private protected override Task<TestDatabase> CreateAsync() => Task.FromResult(new TestDatabase());
}

public sealed class PostgreSqlGateAndDriftRowsTests(PostgreSqlServer server) : GateAndDriftRowsConformance
{
    private protected override async Task<TestDatabase> CreateAsync() => new(await server.NewSettingsAsync());
}
