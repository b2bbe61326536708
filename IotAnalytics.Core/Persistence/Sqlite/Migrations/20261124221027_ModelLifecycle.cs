using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace IotAnalytics.Core.Persistence.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class ModelLifecycle : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "training_run_id",
                table: "model_version",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "shadow",
                table: "model",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<double>(
                name: "shadow_share",
                table: "model",
                type: "REAL",
                nullable: false,
                defaultValue: 0.0);

            migrationBuilder.AddColumn<bool>(
                name: "is_other_anomaly",
                table: "anomaly",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "other_version",
                table: "anomaly",
                type: "TEXT",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "drift_measurement",
                columns: table => new
                {
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    model_version = table.Column<string>(type: "TEXT", nullable: false),
                    method = table.Column<string>(type: "TEXT", nullable: false),
                    feature = table.Column<string>(type: "TEXT", nullable: false),
                    measured_time = table.Column<long>(type: "INTEGER", nullable: false),
                    value = table.Column<double>(type: "REAL", nullable: false),
                    limit = table.Column<double>(type: "REAL", nullable: false),
                    row_count = table.Column<int>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_drift_measurement", x => new { x.name, x.measured_time, x.model_version, x.method, x.feature });
                });

            migrationBuilder.CreateTable(
                name: "gate_report",
                columns: table => new
                {
                    report_id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    version = table.Column<string>(type: "TEXT", nullable: false),
                    champion = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    verdict = table.Column<string>(type: "TEXT", nullable: false),
                    report = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_gate_report", x => x.report_id);
                });

            migrationBuilder.CreateTable(
                name: "model_alias_history",
                columns: table => new
                {
                    change_id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    alias = table.Column<string>(type: "TEXT", nullable: false),
                    version = table.Column<string>(type: "TEXT", nullable: true),
                    previous = table.Column<string>(type: "TEXT", nullable: true),
                    share = table.Column<double>(type: "REAL", nullable: false),
                    changed_at = table.Column<long>(type: "INTEGER", nullable: false),
                    changed_by = table.Column<string>(type: "TEXT", nullable: false),
                    reason = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_model_alias_history", x => x.change_id);
                });

            migrationBuilder.CreateTable(
                name: "shadow_minute",
                columns: table => new
                {
                    profile = table.Column<string>(type: "TEXT", nullable: false),
                    bucket_start = table.Column<long>(type: "INTEGER", nullable: false),
                    source_id = table.Column<int>(type: "INTEGER", nullable: false),
                    partition = table.Column<int>(type: "INTEGER", nullable: false),
                    champion_version = table.Column<string>(type: "TEXT", nullable: false),
                    shadow_version = table.Column<string>(type: "TEXT", nullable: false),
                    both = table.Column<long>(type: "INTEGER", nullable: false),
                    champion_only = table.Column<long>(type: "INTEGER", nullable: false),
                    shadow_only = table.Column<long>(type: "INTEGER", nullable: false),
                    neither = table.Column<long>(type: "INTEGER", nullable: false),
                    champion_nanoseconds = table.Column<long>(type: "INTEGER", nullable: false),
                    shadow_nanoseconds = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_shadow_minute", x => new { x.bucket_start, x.profile, x.shadow_version, x.champion_version, x.source_id, x.partition });
                });

            migrationBuilder.CreateTable(
                name: "training_exclusion",
                columns: table => new
                {
                    exclusion_id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    sensor_id = table.Column<string>(type: "TEXT", nullable: true),
                    from_time = table.Column<long>(type: "INTEGER", nullable: false),
                    to_time = table.Column<long>(type: "INTEGER", nullable: false),
                    reason = table.Column<string>(type: "TEXT", nullable: false),
                    created_by = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_training_exclusion", x => x.exclusion_id);
                });

            migrationBuilder.CreateTable(
                name: "training_run",
                columns: table => new
                {
                    run_id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    reason = table.Column<string>(type: "TEXT", nullable: false),
                    requested_by = table.Column<string>(type: "TEXT", nullable: false),
                    requested_at = table.Column<long>(type: "INTEGER", nullable: false),
                    state = table.Column<string>(type: "TEXT", nullable: false),
                    stage = table.Column<string>(type: "TEXT", nullable: true),
                    progress = table.Column<double>(type: "REAL", nullable: false),
                    window_from = table.Column<long>(type: "INTEGER", nullable: false),
                    window_to = table.Column<long>(type: "INTEGER", nullable: false),
                    seed = table.Column<long>(type: "INTEGER", nullable: false),
                    owner = table.Column<string>(type: "TEXT", nullable: true),
                    lease_until = table.Column<long>(type: "INTEGER", nullable: true),
                    attempts = table.Column<int>(type: "INTEGER", nullable: false),
                    is_cancel_requested = table.Column<bool>(type: "INTEGER", nullable: false),
                    started_at = table.Column<long>(type: "INTEGER", nullable: true),
                    finished_at = table.Column<long>(type: "INTEGER", nullable: true),
                    rows_read = table.Column<long>(type: "INTEGER", nullable: false),
                    version = table.Column<string>(type: "TEXT", nullable: true),
                    error = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_training_run", x => x.run_id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_gate_report_name_version",
                table: "gate_report",
                columns: new[] { "name", "version" });

            migrationBuilder.CreateIndex(
                name: "IX_model_alias_history_name",
                table: "model_alias_history",
                column: "name");

            migrationBuilder.CreateIndex(
                name: "IX_training_exclusion_name",
                table: "training_exclusion",
                column: "name");

            migrationBuilder.CreateIndex(
                name: "IX_training_run_name",
                table: "training_run",
                column: "name");

            migrationBuilder.CreateIndex(
                name: "IX_training_run_state",
                table: "training_run",
                column: "state");

            // Append-only, as the audit log.
            migrationBuilder.Sql("""
                CREATE TRIGGER model_alias_history_no_update BEFORE UPDATE ON model_alias_history
                BEGIN SELECT RAISE(ABORT, 'model_alias_history is append-only'); END;
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER model_alias_history_no_delete BEFORE DELETE ON model_alias_history
                BEGIN SELECT RAISE(ABORT, 'model_alias_history is append-only'); END;
                """);
            migrationBuilder.Sql("""
                CREATE TRIGGER model_alias_history_no_replace BEFORE INSERT ON model_alias_history
                WHEN EXISTS (SELECT 1 FROM model_alias_history WHERE change_id = NEW.change_id)
                BEGIN SELECT RAISE(ABORT, 'model_alias_history is append-only'); END;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "drift_measurement");

            migrationBuilder.DropTable(
                name: "gate_report");

            migrationBuilder.DropTable(
                name: "model_alias_history");

            migrationBuilder.DropTable(
                name: "shadow_minute");

            migrationBuilder.DropTable(
                name: "training_exclusion");

            migrationBuilder.DropTable(
                name: "training_run");

            migrationBuilder.DropColumn(
                name: "training_run_id",
                table: "model_version");

            migrationBuilder.DropColumn(
                name: "shadow",
                table: "model");

            migrationBuilder.DropColumn(
                name: "shadow_share",
                table: "model");

            migrationBuilder.DropColumn(
                name: "is_other_anomaly",
                table: "anomaly");

            migrationBuilder.DropColumn(
                name: "other_version",
                table: "anomaly");
        }
    }
}
