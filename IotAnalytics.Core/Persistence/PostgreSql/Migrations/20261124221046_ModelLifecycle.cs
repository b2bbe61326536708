using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace IotAnalytics.Core.Persistence.PostgreSql.Migrations
{
    /// <inheritdoc />
    public partial class ModelLifecycle : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "training_run_id",
                schema: "iot",
                table: "model_version",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "shadow",
                schema: "iot",
                table: "model",
                type: "text",
                nullable: true,
                collation: "C");

            migrationBuilder.AddColumn<double>(
                name: "shadow_share",
                schema: "iot",
                table: "model",
                type: "double precision",
                nullable: false,
                defaultValue: 0.0);

            migrationBuilder.AddColumn<bool>(
                name: "is_other_anomaly",
                schema: "iot",
                table: "anomaly",
                type: "boolean",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "other_version",
                schema: "iot",
                table: "anomaly",
                type: "text",
                nullable: true,
                collation: "C");

            migrationBuilder.CreateTable(
                name: "drift_measurement",
                schema: "iot",
                columns: table => new
                {
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    model_version = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    method = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    feature = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    measured_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    value = table.Column<double>(type: "double precision", nullable: false),
                    limit = table.Column<double>(type: "double precision", nullable: false),
                    row_count = table.Column<int>(type: "integer", nullable: false),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_drift_measurement", x => new { x.name, x.measured_time, x.model_version, x.method, x.feature });
                });

            migrationBuilder.CreateTable(
                name: "gate_report",
                schema: "iot",
                columns: table => new
                {
                    report_id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    version = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    champion = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    verdict = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    report = table.Column<string>(type: "jsonb", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_gate_report", x => x.report_id);
                });

            migrationBuilder.CreateTable(
                name: "model_alias_history",
                schema: "iot",
                columns: table => new
                {
                    change_id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    alias = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    version = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    previous = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    share = table.Column<double>(type: "double precision", nullable: false),
                    changed_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    changed_by = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    reason = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_model_alias_history", x => x.change_id);
                });

            migrationBuilder.CreateTable(
                name: "shadow_minute",
                schema: "iot",
                columns: table => new
                {
                    profile = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    bucket_start = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    source_id = table.Column<int>(type: "integer", nullable: false),
                    partition = table.Column<int>(type: "integer", nullable: false),
                    champion_version = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    shadow_version = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    both = table.Column<long>(type: "bigint", nullable: false),
                    champion_only = table.Column<long>(type: "bigint", nullable: false),
                    shadow_only = table.Column<long>(type: "bigint", nullable: false),
                    neither = table.Column<long>(type: "bigint", nullable: false),
                    champion_nanoseconds = table.Column<long>(type: "bigint", nullable: false),
                    shadow_nanoseconds = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_shadow_minute", x => new { x.bucket_start, x.profile, x.shadow_version, x.champion_version, x.source_id, x.partition });
                });

            migrationBuilder.CreateTable(
                name: "training_exclusion",
                schema: "iot",
                columns: table => new
                {
                    exclusion_id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    sensor_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    from_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    to_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_by = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_training_exclusion", x => x.exclusion_id);
                });

            migrationBuilder.CreateTable(
                name: "training_run",
                schema: "iot",
                columns: table => new
                {
                    run_id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    reason = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    requested_by = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    requested_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    state = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    stage = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    progress = table.Column<double>(type: "double precision", nullable: false),
                    window_from = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    window_to = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    seed = table.Column<long>(type: "bigint", nullable: false),
                    owner = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    lease_until = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    is_cancel_requested = table.Column<bool>(type: "boolean", nullable: false),
                    started_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    finished_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    rows_read = table.Column<long>(type: "bigint", nullable: false),
                    version = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    error = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_training_run", x => x.run_id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_gate_report_name_version",
                schema: "iot",
                table: "gate_report",
                columns: new[] { "name", "version" });

            migrationBuilder.CreateIndex(
                name: "IX_model_alias_history_name",
                schema: "iot",
                table: "model_alias_history",
                column: "name");

            migrationBuilder.CreateIndex(
                name: "IX_training_exclusion_name",
                schema: "iot",
                table: "training_exclusion",
                column: "name");

            migrationBuilder.CreateIndex(
                name: "IX_training_run_name",
                schema: "iot",
                table: "training_run",
                column: "name");

            migrationBuilder.CreateIndex(
                name: "IX_training_run_state",
                schema: "iot",
                table: "training_run",
                column: "state");

            migrationBuilder.Sql(
                """
                CREATE FUNCTION iot.model_alias_history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'model_alias_history is append-only'; END $$;
                CREATE TRIGGER model_alias_history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON iot.model_alias_history
                FOR EACH STATEMENT EXECUTE FUNCTION iot.model_alias_history_is_append_only();
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "drift_measurement",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "gate_report",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "model_alias_history",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "shadow_minute",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "training_exclusion",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "training_run",
                schema: "iot");

            migrationBuilder.DropColumn(
                name: "training_run_id",
                schema: "iot",
                table: "model_version");

            migrationBuilder.DropColumn(
                name: "shadow",
                schema: "iot",
                table: "model");

            migrationBuilder.DropColumn(
                name: "shadow_share",
                schema: "iot",
                table: "model");

            migrationBuilder.DropColumn(
                name: "is_other_anomaly",
                schema: "iot",
                table: "anomaly");

            migrationBuilder.DropColumn(
                name: "other_version",
                schema: "iot",
                table: "anomaly");
        }
    }
}
