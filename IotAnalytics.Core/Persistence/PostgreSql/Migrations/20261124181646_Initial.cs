using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace IotAnalytics.Core.Persistence.PostgreSql.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "iot");

            migrationBuilder.CreateTable(
                name: "anomaly",
                schema: "iot",
                columns: table => new
                {
                    source_id = table.Column<int>(type: "integer", nullable: false),
                    partition = table.Column<int>(type: "integer", nullable: false),
                    record_offset = table.Column<long>(type: "bigint", nullable: false),
                    item = table.Column<int>(type: "integer", nullable: false),
                    sensor_key = table.Column<int>(type: "integer", nullable: false),
                    event_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    record_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    detected_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    anomaly_score = table.Column<double>(type: "double precision", nullable: false),
                    threshold = table.Column<double>(type: "double precision", nullable: false),
                    detector = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    rarity = table.Column<double>(type: "double precision", nullable: false),
                    severity = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    top_measurement = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    explanation = table.Column<string>(type: "jsonb", nullable: false),
                    measurements = table.Column<string>(type: "jsonb", nullable: false),
                    model_version = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    flags = table.Column<int>(type: "integer", nullable: false),
                    verdict = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    verdict_by = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    verdict_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_anomaly", x => new { x.source_id, x.partition, x.record_offset, x.item });
                });

            migrationBuilder.CreateTable(
                name: "api_key",
                schema: "iot",
                columns: table => new
                {
                    key_id = table.Column<int>(type: "integer", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    scope = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    prefix = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    hash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    expires_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    last_used_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    revoked_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_api_key", x => x.key_id);
                });

            migrationBuilder.CreateTable(
                name: "dead_letter",
                schema: "iot",
                columns: table => new
                {
                    source_id = table.Column<int>(type: "integer", nullable: false),
                    partition = table.Column<int>(type: "integer", nullable: false),
                    record_offset = table.Column<long>(type: "bigint", nullable: false),
                    item = table.Column<int>(type: "integer", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    detail = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    payload_head = table.Column<byte[]>(type: "bytea", nullable: true),
                    record_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_dead_letter", x => new { x.source_id, x.partition, x.record_offset, x.item });
                });

            migrationBuilder.CreateTable(
                name: "delta_commit",
                schema: "iot",
                columns: table => new
                {
                    table_name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    body = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    published_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_delta_commit", x => new { x.table_name, x.version });
                });

            migrationBuilder.CreateTable(
                name: "delta_table",
                schema: "iot",
                columns: table => new
                {
                    table_name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    delta_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    checkpoint_version = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_delta_table", x => x.table_name);
                });

            migrationBuilder.CreateTable(
                name: "idempotent_request",
                schema: "iot",
                columns: table => new
                {
                    request_key = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    body_sha256 = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    answer = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    positions = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_idempotent_request", x => x.request_key);
                });

            migrationBuilder.CreateTable(
                name: "lake_file",
                schema: "iot",
                columns: table => new
                {
                    object_key = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    table_name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    source_id = table.Column<int>(type: "integer", nullable: true),
                    partition = table.Column<int>(type: "integer", nullable: true),
                    first_offset = table.Column<long>(type: "bigint", nullable: true),
                    next_offset = table.Column<long>(type: "bigint", nullable: true),
                    owner_epoch = table.Column<long>(type: "bigint", nullable: true),
                    partition_date = table.Column<DateOnly>(type: "date", nullable: false),
                    row_count = table.Column<long>(type: "bigint", nullable: false),
                    byte_count = table.Column<long>(type: "bigint", nullable: false),
                    sha256 = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    stats = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    added_version = table.Column<long>(type: "bigint", nullable: true),
                    removed_version = table.Column<long>(type: "bigint", nullable: true),
                    removed_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_lake_file", x => x.object_key);
                });

            migrationBuilder.CreateTable(
                name: "lost_range",
                schema: "iot",
                columns: table => new
                {
                    source_id = table.Column<int>(type: "integer", nullable: false),
                    partition = table.Column<int>(type: "integer", nullable: false),
                    first_offset = table.Column<long>(type: "bigint", nullable: false),
                    next_offset = table.Column<long>(type: "bigint", nullable: false),
                    seen_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_lost_range", x => new { x.source_id, x.partition, x.first_offset });
                });

            migrationBuilder.CreateTable(
                name: "model",
                schema: "iot",
                columns: table => new
                {
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    champion = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_model", x => x.name);
                });

            migrationBuilder.CreateTable(
                name: "model_feature_range",
                schema: "iot",
                columns: table => new
                {
                    model_version = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    measurement = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    p1 = table.Column<double>(type: "double precision", nullable: false),
                    p99 = table.Column<double>(type: "double precision", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_model_feature_range", x => new { x.model_version, x.measurement });
                });

            migrationBuilder.CreateTable(
                name: "model_version",
                schema: "iot",
                columns: table => new
                {
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    version = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    object_key = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    sha256 = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    card = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    created_by = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_model_version", x => new { x.name, x.version });
                });

            migrationBuilder.CreateTable(
                name: "partition_status",
                schema: "iot",
                columns: table => new
                {
                    source_id = table.Column<int>(type: "integer", nullable: false),
                    partition = table.Column<int>(type: "integer", nullable: false),
                    time = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    high_watermark = table.Column<long>(type: "bigint", nullable: false),
                    lag_records = table.Column<long>(type: "bigint", nullable: false),
                    lag_seconds = table.Column<double>(type: "double precision", nullable: false),
                    spool_bytes = table.Column<long>(type: "bigint", nullable: false),
                    retries = table.Column<long>(type: "bigint", nullable: false),
                    visible_p99_ms = table.Column<double>(type: "double precision", nullable: true),
                    host = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_partition_status", x => new { x.source_id, x.partition, x.time });
                });

            migrationBuilder.CreateTable(
                name: "pipeline_minute",
                schema: "iot",
                columns: table => new
                {
                    profile = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    bucket_start = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    source_id = table.Column<int>(type: "integer", nullable: false),
                    partition = table.Column<int>(type: "integer", nullable: false),
                    readings = table.Column<long>(type: "bigint", nullable: false),
                    normal = table.Column<long>(type: "bigint", nullable: false),
                    anomalies = table.Column<long>(type: "bigint", nullable: false),
                    dead_letters = table.Column<long>(type: "bigint", nullable: false),
                    duplicates = table.Column<long>(type: "bigint", nullable: false),
                    not_scored = table.Column<long>(type: "bigint", nullable: false),
                    late = table.Column<long>(type: "bigint", nullable: false),
                    score_sum = table.Column<double>(type: "double precision", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_pipeline_minute", x => new { x.bucket_start, x.profile, x.source_id, x.partition });
                });

            migrationBuilder.CreateTable(
                name: "scoring_assignment",
                schema: "iot",
                columns: table => new
                {
                    source_id = table.Column<int>(type: "integer", nullable: false),
                    partition = table.Column<int>(type: "integer", nullable: false),
                    from_offset = table.Column<long>(type: "bigint", nullable: false),
                    plan_id = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_scoring_assignment", x => new { x.source_id, x.partition, x.from_offset });
                });

            migrationBuilder.CreateTable(
                name: "scoring_plan",
                schema: "iot",
                columns: table => new
                {
                    plan_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    content = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_scoring_plan", x => x.plan_id);
                });

            migrationBuilder.CreateTable(
                name: "sensor",
                schema: "iot",
                columns: table => new
                {
                    sensor_key = table.Column<int>(type: "integer", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    sensor_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    profile = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    first_seen_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    last_event_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    last_record_time = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    last_measurements = table.Column<string>(type: "jsonb", nullable: true),
                    last_score = table.Column<double>(type: "double precision", nullable: true),
                    last_flags = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sensor", x => x.sensor_key);
                });

            migrationBuilder.CreateTable(
                name: "sensor_hour",
                schema: "iot",
                columns: table => new
                {
                    sensor_key = table.Column<int>(type: "integer", nullable: false),
                    measurement = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    bucket_start = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    reading_count = table.Column<long>(type: "bigint", nullable: false),
                    value_min = table.Column<double>(type: "double precision", nullable: true),
                    value_max = table.Column<double>(type: "double precision", nullable: true),
                    value_sum = table.Column<double>(type: "double precision", nullable: false),
                    value_sum_squares = table.Column<double>(type: "double precision", nullable: false),
                    anomaly_count = table.Column<long>(type: "bigint", nullable: false),
                    score_max = table.Column<double>(type: "double precision", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sensor_hour", x => new { x.sensor_key, x.bucket_start, x.measurement });
                });

            // EF Core knows no partitions: one for each day, made as days come, and a default one for everything else.
            migrationBuilder.Sql(
                """
                CREATE TABLE iot.sensor_minute (
                    sensor_key integer NOT NULL, bucket_start timestamptz NOT NULL, measurement text COLLATE "C" NOT NULL, reading_count bigint NOT NULL,
                    value_min double precision NULL, value_max double precision NULL, value_sum double precision NOT NULL,
                    value_sum_squares double precision NOT NULL, anomaly_count bigint NOT NULL, score_max double precision NULL,
                    CONSTRAINT "PK_sensor_minute" PRIMARY KEY (sensor_key, bucket_start, measurement)) PARTITION BY RANGE (bucket_start);
                CREATE TABLE iot.sensor_minute_default PARTITION OF iot.sensor_minute DEFAULT;
                """);

            migrationBuilder.CreateTable(
                name: "sequence",
                schema: "iot",
                columns: table => new
                {
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    value = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sequence", x => x.name);
                });

            migrationBuilder.CreateTable(
                name: "source",
                schema: "iot",
                columns: table => new
                {
                    source_id = table.Column<int>(type: "integer", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    kind = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    cluster_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    topic = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    topic_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    opened_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    closed_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_source", x => x.source_id);
                });

            migrationBuilder.CreateTable(
                name: "stream_partition",
                schema: "iot",
                columns: table => new
                {
                    source_id = table.Column<int>(type: "integer", nullable: false),
                    partition = table.Column<int>(type: "integer", nullable: false),
                    owner_epoch = table.Column<long>(type: "bigint", nullable: false),
                    owner = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    claimed_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    fast_offset = table.Column<long>(type: "bigint", nullable: false),
                    rollup_offset = table.Column<long>(type: "bigint", nullable: false),
                    lake_offset = table.Column<long>(type: "bigint", nullable: false),
                    state_object = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    state_sha256 = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_stream_partition", x => new { x.source_id, x.partition });
                    table.CheckConstraint("stream_partition_offsets", "lake_offset <= rollup_offset AND rollup_offset <= fast_offset");
                });

            migrationBuilder.CreateIndex(
                name: "IX_anomaly_event_time",
                schema: "iot",
                table: "anomaly",
                column: "event_time");

            migrationBuilder.CreateIndex(
                name: "IX_anomaly_sensor_key_event_time",
                schema: "iot",
                table: "anomaly",
                columns: new[] { "sensor_key", "event_time" });

            migrationBuilder.CreateIndex(
                name: "IX_api_key_hash",
                schema: "iot",
                table: "api_key",
                column: "hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_dead_letter_record_time",
                schema: "iot",
                table: "dead_letter",
                column: "record_time");

            migrationBuilder.CreateIndex(
                name: "IX_idempotent_request_created_at",
                schema: "iot",
                table: "idempotent_request",
                column: "created_at");

            migrationBuilder.CreateIndex(
                name: "IX_lake_file_removed_at",
                schema: "iot",
                table: "lake_file",
                column: "removed_at",
                filter: "removed_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_lake_file_table_name_added_version_source_id_partition_firs~",
                schema: "iot",
                table: "lake_file",
                columns: new[] { "table_name", "added_version", "source_id", "partition", "first_offset" });

            migrationBuilder.CreateIndex(
                name: "IX_sensor_sensor_id",
                schema: "iot",
                table: "sensor",
                column: "sensor_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_source_kind_cluster_id_topic",
                schema: "iot",
                table: "source",
                columns: new[] { "kind", "cluster_id", "topic" },
                unique: true,
                filter: "closed_at IS NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "anomaly",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "api_key",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "dead_letter",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "delta_commit",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "delta_table",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "idempotent_request",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "lake_file",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "lost_range",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "model",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "model_feature_range",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "model_version",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "partition_status",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "pipeline_minute",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "scoring_assignment",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "scoring_plan",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "sensor",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "sensor_hour",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "sensor_minute",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "sequence",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "source",
                schema: "iot");

            migrationBuilder.DropTable(
                name: "stream_partition",
                schema: "iot");
        }
    }
}
