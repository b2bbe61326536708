using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace IotAnalytics.Core.Persistence.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "anomaly",
                columns: table => new
                {
                    source_id = table.Column<int>(type: "INTEGER", nullable: false),
                    partition = table.Column<int>(type: "INTEGER", nullable: false),
                    record_offset = table.Column<long>(type: "INTEGER", nullable: false),
                    item = table.Column<int>(type: "INTEGER", nullable: false),
                    sensor_key = table.Column<int>(type: "INTEGER", nullable: false),
                    event_time = table.Column<long>(type: "INTEGER", nullable: false),
                    record_time = table.Column<long>(type: "INTEGER", nullable: false),
                    detected_at = table.Column<long>(type: "INTEGER", nullable: false),
                    anomaly_score = table.Column<double>(type: "REAL", nullable: false),
                    threshold = table.Column<double>(type: "REAL", nullable: false),
                    detector = table.Column<string>(type: "TEXT", nullable: false),
                    rarity = table.Column<double>(type: "REAL", nullable: false),
                    severity = table.Column<string>(type: "TEXT", nullable: false),
                    top_measurement = table.Column<string>(type: "TEXT", nullable: false),
                    explanation = table.Column<string>(type: "TEXT", nullable: false),
                    measurements = table.Column<string>(type: "TEXT", nullable: false),
                    model_version = table.Column<string>(type: "TEXT", nullable: false),
                    flags = table.Column<int>(type: "INTEGER", nullable: false),
                    verdict = table.Column<string>(type: "TEXT", nullable: true),
                    verdict_by = table.Column<string>(type: "TEXT", nullable: true),
                    verdict_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_anomaly", x => new { x.source_id, x.partition, x.record_offset, x.item });
                });

            migrationBuilder.CreateTable(
                name: "api_key",
                columns: table => new
                {
                    key_id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    scope = table.Column<string>(type: "TEXT", nullable: false),
                    prefix = table.Column<string>(type: "TEXT", nullable: false),
                    hash = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: true),
                    last_used_at = table.Column<long>(type: "INTEGER", nullable: true),
                    revoked_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_api_key", x => x.key_id);
                });

            migrationBuilder.CreateTable(
                name: "dead_letter",
                columns: table => new
                {
                    source_id = table.Column<int>(type: "INTEGER", nullable: false),
                    partition = table.Column<int>(type: "INTEGER", nullable: false),
                    record_offset = table.Column<long>(type: "INTEGER", nullable: false),
                    item = table.Column<int>(type: "INTEGER", nullable: false),
                    reason = table.Column<string>(type: "TEXT", nullable: false),
                    detail = table.Column<string>(type: "TEXT", nullable: true),
                    payload_head = table.Column<byte[]>(type: "BLOB", nullable: true),
                    record_time = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_dead_letter", x => new { x.source_id, x.partition, x.record_offset, x.item });
                });

            migrationBuilder.CreateTable(
                name: "delta_commit",
                columns: table => new
                {
                    table_name = table.Column<string>(type: "TEXT", nullable: false),
                    version = table.Column<long>(type: "INTEGER", nullable: false),
                    body = table.Column<string>(type: "TEXT", nullable: false),
                    published_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_delta_commit", x => new { x.table_name, x.version });
                });

            migrationBuilder.CreateTable(
                name: "delta_table",
                columns: table => new
                {
                    table_name = table.Column<string>(type: "TEXT", nullable: false),
                    delta_id = table.Column<string>(type: "TEXT", nullable: false),
                    version = table.Column<long>(type: "INTEGER", nullable: false),
                    checkpoint_version = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_delta_table", x => x.table_name);
                });

            migrationBuilder.CreateTable(
                name: "lake_file",
                columns: table => new
                {
                    object_key = table.Column<string>(type: "TEXT", nullable: false),
                    table_name = table.Column<string>(type: "TEXT", nullable: false),
                    source_id = table.Column<int>(type: "INTEGER", nullable: true),
                    partition = table.Column<int>(type: "INTEGER", nullable: true),
                    first_offset = table.Column<long>(type: "INTEGER", nullable: true),
                    next_offset = table.Column<long>(type: "INTEGER", nullable: true),
                    owner_epoch = table.Column<long>(type: "INTEGER", nullable: true),
                    partition_date = table.Column<DateOnly>(type: "TEXT", nullable: false),
                    row_count = table.Column<long>(type: "INTEGER", nullable: false),
                    byte_count = table.Column<long>(type: "INTEGER", nullable: false),
                    sha256 = table.Column<string>(type: "TEXT", nullable: false),
                    stats = table.Column<string>(type: "TEXT", nullable: true),
                    added_version = table.Column<long>(type: "INTEGER", nullable: true),
                    removed_version = table.Column<long>(type: "INTEGER", nullable: true),
                    removed_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_lake_file", x => x.object_key);
                });

            migrationBuilder.CreateTable(
                name: "lost_range",
                columns: table => new
                {
                    source_id = table.Column<int>(type: "INTEGER", nullable: false),
                    partition = table.Column<int>(type: "INTEGER", nullable: false),
                    first_offset = table.Column<long>(type: "INTEGER", nullable: false),
                    next_offset = table.Column<long>(type: "INTEGER", nullable: false),
                    seen_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_lost_range", x => new { x.source_id, x.partition, x.first_offset });
                });

            migrationBuilder.CreateTable(
                name: "model",
                columns: table => new
                {
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    champion = table.Column<string>(type: "TEXT", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_model", x => x.name);
                });

            migrationBuilder.CreateTable(
                name: "model_feature_range",
                columns: table => new
                {
                    model_version = table.Column<string>(type: "TEXT", nullable: false),
                    measurement = table.Column<string>(type: "TEXT", nullable: false),
                    p1 = table.Column<double>(type: "REAL", nullable: false),
                    p99 = table.Column<double>(type: "REAL", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_model_feature_range", x => new { x.model_version, x.measurement });
                });

            migrationBuilder.CreateTable(
                name: "model_version",
                columns: table => new
                {
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    version = table.Column<string>(type: "TEXT", nullable: false),
                    object_key = table.Column<string>(type: "TEXT", nullable: false),
                    sha256 = table.Column<string>(type: "TEXT", nullable: false),
                    card = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    created_by = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_model_version", x => new { x.name, x.version });
                });

            migrationBuilder.CreateTable(
                name: "partition_status",
                columns: table => new
                {
                    source_id = table.Column<int>(type: "INTEGER", nullable: false),
                    partition = table.Column<int>(type: "INTEGER", nullable: false),
                    time = table.Column<long>(type: "INTEGER", nullable: false),
                    high_watermark = table.Column<long>(type: "INTEGER", nullable: false),
                    lag_records = table.Column<long>(type: "INTEGER", nullable: false),
                    lag_seconds = table.Column<double>(type: "REAL", nullable: false),
                    spool_bytes = table.Column<long>(type: "INTEGER", nullable: false),
                    retries = table.Column<long>(type: "INTEGER", nullable: false),
                    visible_p99_ms = table.Column<double>(type: "REAL", nullable: true),
                    host = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_partition_status", x => new { x.source_id, x.partition, x.time });
                });

            migrationBuilder.CreateTable(
                name: "pipeline_minute",
                columns: table => new
                {
                    profile = table.Column<string>(type: "TEXT", nullable: false),
                    bucket_start = table.Column<long>(type: "INTEGER", nullable: false),
                    source_id = table.Column<int>(type: "INTEGER", nullable: false),
                    partition = table.Column<int>(type: "INTEGER", nullable: false),
                    readings = table.Column<long>(type: "INTEGER", nullable: false),
                    normal = table.Column<long>(type: "INTEGER", nullable: false),
                    anomalies = table.Column<long>(type: "INTEGER", nullable: false),
                    dead_letters = table.Column<long>(type: "INTEGER", nullable: false),
                    duplicates = table.Column<long>(type: "INTEGER", nullable: false),
                    not_scored = table.Column<long>(type: "INTEGER", nullable: false),
                    late = table.Column<long>(type: "INTEGER", nullable: false),
                    score_sum = table.Column<double>(type: "REAL", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_pipeline_minute", x => new { x.bucket_start, x.profile, x.source_id, x.partition });
                });

            migrationBuilder.CreateTable(
                name: "scoring_assignment",
                columns: table => new
                {
                    source_id = table.Column<int>(type: "INTEGER", nullable: false),
                    partition = table.Column<int>(type: "INTEGER", nullable: false),
                    from_offset = table.Column<long>(type: "INTEGER", nullable: false),
                    plan_id = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_scoring_assignment", x => new { x.source_id, x.partition, x.from_offset });
                });

            migrationBuilder.CreateTable(
                name: "scoring_plan",
                columns: table => new
                {
                    plan_id = table.Column<string>(type: "TEXT", nullable: false),
                    content = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_scoring_plan", x => x.plan_id);
                });

            migrationBuilder.CreateTable(
                name: "sensor",
                columns: table => new
                {
                    sensor_key = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    sensor_id = table.Column<string>(type: "TEXT", nullable: true),
                    profile = table.Column<string>(type: "TEXT", nullable: false),
                    first_seen_at = table.Column<long>(type: "INTEGER", nullable: false),
                    last_event_time = table.Column<long>(type: "INTEGER", nullable: true),
                    last_record_time = table.Column<long>(type: "INTEGER", nullable: true),
                    last_measurements = table.Column<string>(type: "TEXT", nullable: true),
                    last_score = table.Column<double>(type: "REAL", nullable: true),
                    last_flags = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sensor", x => x.sensor_key);
                });

            // Clustered on its key, without a second copy of the key in an index: an upsert touches one B-tree.
            migrationBuilder.Sql(
                """
                CREATE TABLE sensor_hour (
                    sensor_key INTEGER NOT NULL, bucket_start INTEGER NOT NULL, measurement TEXT NOT NULL, reading_count INTEGER NOT NULL,
                    value_min REAL NULL, value_max REAL NULL, value_sum REAL NOT NULL, value_sum_squares REAL NOT NULL,
                    anomaly_count INTEGER NOT NULL, score_max REAL NULL,
                    PRIMARY KEY (sensor_key, bucket_start, measurement)) WITHOUT ROWID;
                """);

            // Clustered on its key, without a second copy of the key in an index: an upsert touches one B-tree.
            migrationBuilder.Sql(
                """
                CREATE TABLE sensor_minute (
                    sensor_key INTEGER NOT NULL, bucket_start INTEGER NOT NULL, measurement TEXT NOT NULL, reading_count INTEGER NOT NULL,
                    value_min REAL NULL, value_max REAL NULL, value_sum REAL NOT NULL, value_sum_squares REAL NOT NULL,
                    anomaly_count INTEGER NOT NULL, score_max REAL NULL,
                    PRIMARY KEY (sensor_key, bucket_start, measurement)) WITHOUT ROWID;
                """);

            migrationBuilder.CreateTable(
                name: "sequence",
                columns: table => new
                {
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    value = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sequence", x => x.name);
                });

            migrationBuilder.CreateTable(
                name: "source",
                columns: table => new
                {
                    source_id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    cluster_id = table.Column<string>(type: "TEXT", nullable: false),
                    topic = table.Column<string>(type: "TEXT", nullable: false),
                    topic_id = table.Column<string>(type: "TEXT", nullable: false),
                    opened_at = table.Column<long>(type: "INTEGER", nullable: false),
                    closed_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_source", x => x.source_id);
                });

            migrationBuilder.CreateTable(
                name: "stream_partition",
                columns: table => new
                {
                    source_id = table.Column<int>(type: "INTEGER", nullable: false),
                    partition = table.Column<int>(type: "INTEGER", nullable: false),
                    owner_epoch = table.Column<long>(type: "INTEGER", nullable: false),
                    owner = table.Column<string>(type: "TEXT", nullable: true),
                    claimed_at = table.Column<long>(type: "INTEGER", nullable: true),
                    fast_offset = table.Column<long>(type: "INTEGER", nullable: false),
                    rollup_offset = table.Column<long>(type: "INTEGER", nullable: false),
                    lake_offset = table.Column<long>(type: "INTEGER", nullable: false),
                    state_object = table.Column<string>(type: "TEXT", nullable: true),
                    state_sha256 = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_stream_partition", x => new { x.source_id, x.partition });
                    table.CheckConstraint("stream_partition_offsets", "lake_offset <= rollup_offset AND rollup_offset <= fast_offset");
                });

            migrationBuilder.CreateIndex(
                name: "IX_anomaly_event_time",
                table: "anomaly",
                column: "event_time");

            migrationBuilder.CreateIndex(
                name: "IX_anomaly_sensor_key_event_time",
                table: "anomaly",
                columns: new[] { "sensor_key", "event_time" });

            migrationBuilder.CreateIndex(
                name: "IX_api_key_hash",
                table: "api_key",
                column: "hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_dead_letter_record_time",
                table: "dead_letter",
                column: "record_time");

            migrationBuilder.CreateIndex(
                name: "IX_lake_file_removed_at",
                table: "lake_file",
                column: "removed_at",
                filter: "removed_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_lake_file_table_name_added_version_source_id_partition_first_offset",
                table: "lake_file",
                columns: new[] { "table_name", "added_version", "source_id", "partition", "first_offset" });

            migrationBuilder.CreateIndex(
                name: "IX_sensor_sensor_id",
                table: "sensor",
                column: "sensor_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_source_kind_cluster_id_topic",
                table: "source",
                columns: new[] { "kind", "cluster_id", "topic" },
                unique: true,
                filter: "closed_at IS NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "anomaly");

            migrationBuilder.DropTable(
                name: "api_key");

            migrationBuilder.DropTable(
                name: "dead_letter");

            migrationBuilder.DropTable(
                name: "delta_commit");

            migrationBuilder.DropTable(
                name: "delta_table");

            migrationBuilder.DropTable(
                name: "lake_file");

            migrationBuilder.DropTable(
                name: "lost_range");

            migrationBuilder.DropTable(
                name: "model");

            migrationBuilder.DropTable(
                name: "model_feature_range");

            migrationBuilder.DropTable(
                name: "model_version");

            migrationBuilder.DropTable(
                name: "partition_status");

            migrationBuilder.DropTable(
                name: "pipeline_minute");

            migrationBuilder.DropTable(
                name: "scoring_assignment");

            migrationBuilder.DropTable(
                name: "scoring_plan");

            migrationBuilder.DropTable(
                name: "sensor");

            migrationBuilder.DropTable(
                name: "sensor_hour");

            migrationBuilder.DropTable(
                name: "sensor_minute");

            migrationBuilder.DropTable(
                name: "sequence");

            migrationBuilder.DropTable(
                name: "source");

            migrationBuilder.DropTable(
                name: "stream_partition");
        }
    }
}
