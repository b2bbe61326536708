using IotAnalytics.Tests.Conformance;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Persistence;

public sealed class SqliteConformanceTests : DatabaseConformance
{
    private protected override Task<TestDatabase> CreateAsync() => Task.FromResult(new TestDatabase());
}
