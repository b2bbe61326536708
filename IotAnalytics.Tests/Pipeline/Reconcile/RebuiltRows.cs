namespace IotAnalytics.Tests.Pipeline.Reconcile;

/// <summary>The rows that a reconciliation has to bring back. Times of writing, keys given by the database and epochs are not among them.</summary>
internal static class RebuiltRows
{
    public static IReadOnlyList<(string What, string Sql)> Queries { get; } =
    [
        ("anomaly", """
            SELECT record_offset, item, sensor_id, event_time, record_time, anomaly_score, threshold, detector, rarity, severity, top_measurement, explanation, measurements,
              model_version, other_version, is_other_anomaly, a.flags FROM anomaly a JOIN sensor s ON s.sensor_key = a.sensor_key ORDER BY 1, 2
            """),
        ("dead_letter", "SELECT record_offset, item, reason, detail, record_time FROM dead_letter ORDER BY 1, 2"),
        ("pipeline_minute", """
            SELECT profile, bucket_start, source_id, partition, readings, normal, anomalies, dead_letters, duplicates, not_scored, late, round(CAST(score_sum AS numeric), 6)
            FROM pipeline_minute ORDER BY 1, 2, 3, 4
            """),
        ("shadow_minute", """
            SELECT profile, bucket_start, source_id, partition, champion_version, shadow_version, "both", champion_only, shadow_only, neither FROM shadow_minute ORDER BY 1, 2, 3, 4, 5, 6
            """),
        ("sensor_minute", """
            SELECT sensor_id, bucket_start, measurement, reading_count, value_min, value_max, round(CAST(value_sum AS numeric), 6), round(CAST(value_sum_squares AS numeric), 4),
              anomaly_count, score_max FROM sensor_minute m JOIN sensor s ON s.sensor_key = m.sensor_key ORDER BY 1, 2, 3
            """),
        ("sensor", "SELECT sensor_id, profile, last_event_time, last_record_time, last_measurements, last_score, last_flags FROM sensor ORDER BY 1"),
        ("stream_partition", "SELECT source_id, partition, fast_offset, rollup_offset, lake_offset, state_sha256 FROM stream_partition ORDER BY 1, 2"),
        ("lake_file", """
            SELECT object_key, source_id, partition, first_offset, next_offset, owner_epoch, partition_date, row_count, byte_count, sha256, stats, added_version
            FROM lake_file WHERE removed_version IS NULL ORDER BY 1
            """),
        ("delta_table", "SELECT table_name, delta_id, version FROM delta_table ORDER BY 1"),
        ("model", "SELECT name, champion FROM model ORDER BY 1"),
        ("model_version", "SELECT name, version, object_key, sha256 FROM model_version ORDER BY 1, 2"),
        ("model_feature_range", "SELECT model_version, measurement, p1, p99 FROM model_feature_range ORDER BY 1, 2"),
    ];
}
