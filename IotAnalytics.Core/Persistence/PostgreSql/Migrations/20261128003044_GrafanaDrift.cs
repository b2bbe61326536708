using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace IotAnalytics.Core.Persistence.PostgreSql.Migrations
{
    /// <summary>What the Model dashboard shows of drift.</summary>
    public partial class GrafanaDrift : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                CREATE VIEW grafana.drift AS
                SELECT d.measured_time AS time, d.name, d.name || '/' || d.model_version AS model_version, d.model_version IS NOT DISTINCT FROM m.champion AS is_champion,
                  d.method, d.feature, d.value, d."limit", d.row_count
                FROM iot.drift_measurement d JOIN iot.model m ON m.name = d.name;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP VIEW grafana.drift;");
        }
    }
}
