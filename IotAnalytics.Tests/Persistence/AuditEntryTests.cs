using System.Data.Common;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Persistence;

public sealed class AuditEntryTests
{
    private const string Insert = "INTO audit_entry (audit_id, at, actor, source, action, target) VALUES (1, 0, 'a', 'here', 'tested', 'nothing')";

    [Theory]
    [InlineData("UPDATE audit_entry SET actor = 'somebody else'")]
    [InlineData("DELETE FROM audit_entry")]
    [InlineData($"INSERT OR REPLACE {Insert}")]
    public async Task An_audit_entry_can_be_neither_changed_nor_removed(string attempt)
    {
        await using var database = new TestDatabase();
        await database.MigrateAsync();
        await database.Writer.WriteAsync(t => t.Execute($"INSERT {Insert}"), TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAnyAsync<DbException>(() => database.Writer.WriteAsync(t => t.Execute(attempt), TestContext.Current.CancellationToken));

        Assert.Contains("append-only", refused.Message, StringComparison.Ordinal);
        Assert.Equal("a", await database.Reader.ReadAsync(Actor, TestContext.Current.CancellationToken));
    }

    private static string? Actor(DbTransaction transaction)
    {
        using var query = transaction.Query("SELECT min(actor) FROM audit_entry");
        return (string?)query.ExecuteScalar();
    }
}
