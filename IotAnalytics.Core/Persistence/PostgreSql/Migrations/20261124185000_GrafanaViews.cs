using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace IotAnalytics.Core.Persistence.PostgreSql.Migrations
{
    /// <summary>
    /// What dashboards read: schema <c>grafana</c>, views with names instead of keys and their time in the column <c>time</c>, which is a plain
    /// column underneath, so that a condition on it prunes partitions and uses indexes. Views run with the rights of their owner: the role
    /// <c>grafana_reader</c> may read them and nothing of the schema <c>iot</c>.
    /// </summary>
    public partial class GrafanaViews : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                CREATE INDEX "IX_partition_status_time" ON iot.partition_status (time);
                CREATE INDEX "IX_delta_commit_published_at" ON iot.delta_commit (published_at);

                CREATE SCHEMA grafana;

                CREATE VIEW grafana.sensors AS
                SELECT s.last_event_time AS time, s.sensor_id, s.profile, s.first_seen_at, s.last_record_time, s.last_measurements, s.last_score, s.last_flags
                FROM iot.sensor s;

                CREATE VIEW grafana.sensor_minute AS
                SELECT m.bucket_start AS time, s.sensor_id, s.profile, m.measurement, m.reading_count, m.value_min, m.value_max, m.value_sum,
                  m.value_sum_squares, m.anomaly_count, m.score_max
                FROM iot.sensor_minute m JOIN iot.sensor s ON s.sensor_key = m.sensor_key;

                CREATE VIEW grafana.sensor_hour AS
                SELECT h.bucket_start AS time, s.sensor_id, s.profile, h.measurement, h.reading_count, h.value_min, h.value_max, h.value_sum,
                  h.value_sum_squares, h.anomaly_count, h.score_max
                FROM iot.sensor_hour h JOIN iot.sensor s ON s.sensor_key = h.sensor_key;

                CREATE VIEW grafana.sensor_values AS
                SELECT * FROM grafana.sensor_minute UNION ALL SELECT * FROM grafana.sensor_hour;

                CREATE VIEW grafana.expected_ranges AS
                SELECT v.created_at AS time, v.name AS profile, r.model_version, v.version IS NOT DISTINCT FROM m.champion AS is_champion, r.measurement, r.p1, r.p99
                FROM iot.model_feature_range r
                JOIN iot.model_version v ON v.name || '/' || v.version = r.model_version
                JOIN iot.model m ON m.name = v.name;

                CREATE VIEW grafana.anomalies AS
                SELECT a.event_time AS time, a.source_id || '-' || a.partition || '-' || a.record_offset || '-' || a.item AS anomaly_id, s.sensor_id, s.profile,
                  a.record_time, a.detected_at, a.anomaly_score, a.threshold, a.anomaly_score / a.threshold AS score_ratio, a.detector, a.rarity, a.severity,
                  a.top_measurement, (a.measurements ->> a.top_measurement)::double precision AS top_value,
                  (a.explanation -> 'measurements' -> 0 ->> 'expected_low')::double precision AS expected_low,
                  (a.explanation -> 'measurements' -> 0 ->> 'expected_high')::double precision AS expected_high,
                  a.measurements, a.explanation, a.model_version, a.flags, a.verdict, a.verdict_by, a.verdict_at
                FROM iot.anomaly a JOIN iot.sensor s ON s.sensor_key = a.sensor_key;

                CREATE VIEW grafana.pipeline AS
                SELECT p.bucket_start AS time, p.profile, p.source_id, s.topic, p.partition, p.readings, p.normal, p.anomalies, p.dead_letters, p.duplicates,
                  p.not_scored, p.late, p.score_sum
                FROM iot.pipeline_minute p JOIN iot.source s ON s.source_id = p.source_id;

                CREATE VIEW grafana.dead_letters AS
                SELECT d.record_time AS time, s.topic, d.source_id, d.partition, d.record_offset, d.item, d.reason, d.detail
                FROM iot.dead_letter d JOIN iot.source s ON s.source_id = d.source_id;

                CREATE VIEW grafana.partition_status AS
                SELECT p.time, p.source_id, s.topic, p.partition, p.high_watermark, p.lag_records, p.lag_seconds, p.spool_bytes, p.retries, p.visible_p99_ms, p.host
                FROM iot.partition_status p JOIN iot.source s ON s.source_id = p.source_id;

                CREATE VIEW grafana.partitions AS
                SELECT p.claimed_at AS time, p.source_id, s.kind, s.topic, s.closed_at, p.partition, p.owner, p.owner_epoch, p.fast_offset, p.rollup_offset, p.lake_offset
                FROM iot.stream_partition p JOIN iot.source s ON s.source_id = p.source_id;

                CREATE VIEW grafana.cuts AS
                SELECT c.published_at AS time, f.table_name, s.topic, f.source_id, f.partition, f.first_offset, f.next_offset, f.row_count, f.byte_count
                FROM iot.lake_file f
                JOIN iot.delta_commit c ON c.table_name = f.table_name AND c.version = f.added_version
                JOIN iot.source s ON s.source_id = f.source_id;

                CREATE VIEW grafana.lost_ranges AS
                SELECT l.seen_at AS time, s.topic, l.source_id, l.partition, l.first_offset, l.next_offset
                FROM iot.lost_range l JOIN iot.source s ON s.source_id = l.source_id;

                CREATE VIEW grafana.models AS
                SELECT v.created_at AS time, v.name, v.version, v.name || '/' || v.version AS model_version, v.version IS NOT DISTINCT FROM m.champion AS is_champion,
                  v.created_by, c.card ->> 'kind' AS kind, (c.card -> 'threshold' ->> 'value')::double precision AS threshold,
                  c.card -> 'threshold' ->> 'rule' AS threshold_rule, (c.card -> 'threshold' ->> 'rate')::double precision AS target_rate,
                  (c.card ->> 'training_rows')::bigint AS training_rows, (c.card ->> 'reference_rows')::bigint AS reference_rows, c.card ->> 'source' AS trained_on
                FROM iot.model_version v JOIN iot.model m ON m.name = v.name CROSS JOIN LATERAL (SELECT v.card::jsonb AS card) c;

                CREATE FUNCTION iot.grant_grafana_reader() RETURNS void LANGUAGE plpgsql AS $$
                BEGIN
                  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'grafana_reader') AND EXISTS (
                    SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = 'grafana' AND c.relkind = 'v'
                      AND NOT (has_schema_privilege('grafana_reader', n.oid, 'USAGE') AND has_table_privilege('grafana_reader', c.oid, 'SELECT'))) THEN
                    GRANT USAGE ON SCHEMA grafana TO grafana_reader;
                    GRANT SELECT ON ALL TABLES IN SCHEMA grafana TO grafana_reader;
                  END IF;
                END $$;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                DROP FUNCTION iot.grant_grafana_reader();
                DROP SCHEMA grafana CASCADE;
                DROP INDEX iot."IX_delta_commit_published_at";
                DROP INDEX iot."IX_partition_status_time";
                """);
        }
    }
}
