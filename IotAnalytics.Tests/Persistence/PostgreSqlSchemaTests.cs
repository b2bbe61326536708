using IotAnalytics.Core.Persistence.PostgreSql;
using IotAnalytics.Tests.Architecture;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace IotAnalytics.Tests.Persistence;

public sealed class PostgreSqlSchemaTests
{
    private const string Rewrite = "IOT_TEST_WRITE_SCHEMA";

    [Fact]
    public async Task The_committed_script_is_what_the_migrations_do()
    {
        await using var context = new PostgreSqlDesignTimeFactory().CreateDbContext([]);
        var path = Path.Combine(SourceTree.Root, "IotAnalytics.Core", "Persistence", "PostgreSql", "schema.sql");
        var generated = context.GetService<IMigrator>().GenerateScript(options: MigrationsSqlGenerationOptions.NoTransactions)
            .ReplaceLineEndings("\n").Replace("\n\n\n", "\n\n", StringComparison.Ordinal).TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable(Rewrite) == "1")
        {
            await File.WriteAllTextAsync(path, generated, TestContext.Current.CancellationToken);
        }

        var committed = (await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).ReplaceLineEndings("\n");

        Assert.True(committed == generated, $"schema.sql differs from the migrations: {Rewrite}=1 dotnet test, look at the difference, commit it.");
    }
}
