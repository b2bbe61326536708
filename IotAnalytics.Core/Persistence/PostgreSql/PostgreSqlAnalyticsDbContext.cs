using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace IotAnalytics.Core.Persistence.PostgreSql;

/// <summary>PostgreSQL: schema <c>iot</c>, timestamptz, jsonb, and text that sorts by its bytes as everywhere else in the system.</summary>
public sealed class PostgreSqlAnalyticsDbContext(DbContextOptions<PostgreSqlAnalyticsDbContext> options) : AnalyticsDbContext(options)
{
    private static readonly string[] JsonColumns = [nameof(Anomaly.Explanation), nameof(Anomaly.Measurements), nameof(Sensor.LastMeasurements), nameof(GateReportRow.Report)];

    internal override async Task<IAsyncDisposable> BeginSnapshotAsync(CancellationToken cancellationToken) =>
        await Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.HasDefaultSchema(PostgreSqlDatabase.Schema);
        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(e => e.GetProperties()).Where(p => p.ClrType == typeof(string)))
        {
            if (JsonColumns.Contains(property.Name))
            {
                property.SetColumnType("jsonb");
            }
            else
            {
                property.SetCollation("C");
            }
        }
    }
}

/// <summary>For <c>dotnet ef migrations add</c>.</summary>
internal sealed class PostgreSqlDesignTimeFactory : IDesignTimeDbContextFactory<PostgreSqlAnalyticsDbContext>
{
    public PostgreSqlAnalyticsDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgreSqlAnalyticsDbContext>().UseNpgsql("Host=design", PostgreSqlMigrator.History).Options);
}
