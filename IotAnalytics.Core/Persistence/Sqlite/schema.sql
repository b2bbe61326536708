CREATE TABLE IF NOT EXISTS "__EFMigrationsHistory" (
    "MigrationId" TEXT NOT NULL CONSTRAINT "PK___EFMigrationsHistory" PRIMARY KEY,
    "ProductVersion" TEXT NOT NULL
);

CREATE TABLE "anomaly" (
    "source_id" INTEGER NOT NULL,
    "partition" INTEGER NOT NULL,
    "record_offset" INTEGER NOT NULL,
    "item" INTEGER NOT NULL,
    "sensor_key" INTEGER NOT NULL,
    "event_time" INTEGER NOT NULL,
    "record_time" INTEGER NOT NULL,
    "detected_at" INTEGER NOT NULL,
    "anomaly_score" REAL NOT NULL,
    "threshold" REAL NOT NULL,
    "detector" TEXT NOT NULL,
    "rarity" REAL NOT NULL,
    "severity" TEXT NOT NULL,
    "top_measurement" TEXT NOT NULL,
    "explanation" TEXT NOT NULL,
    "measurements" TEXT NOT NULL,
    "model_version" TEXT NOT NULL,
    "flags" INTEGER NOT NULL,
    "verdict" TEXT NULL,
    "verdict_by" TEXT NULL,
    "verdict_at" INTEGER NULL,
    CONSTRAINT "PK_anomaly" PRIMARY KEY ("source_id", "partition", "record_offset", "item")
);

CREATE TABLE "api_key" (
    "key_id" INTEGER NOT NULL CONSTRAINT "PK_api_key" PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL,
    "expires_at" INTEGER NULL,
    "last_used_at" INTEGER NULL,
    "revoked_at" INTEGER NULL
);

CREATE TABLE "dead_letter" (
    "source_id" INTEGER NOT NULL,
    "partition" INTEGER NOT NULL,
    "record_offset" INTEGER NOT NULL,
    "item" INTEGER NOT NULL,
    "reason" TEXT NOT NULL,
    "detail" TEXT NULL,
    "payload_head" BLOB NULL,
    "record_time" INTEGER NOT NULL,
    CONSTRAINT "PK_dead_letter" PRIMARY KEY ("source_id", "partition", "record_offset", "item")
);

CREATE TABLE "delta_commit" (
    "table_name" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "body" TEXT NOT NULL,
    "published_at" INTEGER NULL,
    CONSTRAINT "PK_delta_commit" PRIMARY KEY ("table_name", "version")
);

CREATE TABLE "delta_table" (
    "table_name" TEXT NOT NULL CONSTRAINT "PK_delta_table" PRIMARY KEY,
    "delta_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "checkpoint_version" INTEGER NULL
);

CREATE TABLE "lake_file" (
    "object_key" TEXT NOT NULL CONSTRAINT "PK_lake_file" PRIMARY KEY,
    "table_name" TEXT NOT NULL,
    "source_id" INTEGER NULL,
    "partition" INTEGER NULL,
    "first_offset" INTEGER NULL,
    "next_offset" INTEGER NULL,
    "owner_epoch" INTEGER NULL,
    "partition_date" TEXT NOT NULL,
    "row_count" INTEGER NOT NULL,
    "byte_count" INTEGER NOT NULL,
    "sha256" TEXT NOT NULL,
    "stats" TEXT NULL,
    "added_version" INTEGER NULL,
    "removed_version" INTEGER NULL,
    "removed_at" INTEGER NULL
);

CREATE TABLE "lost_range" (
    "source_id" INTEGER NOT NULL,
    "partition" INTEGER NOT NULL,
    "first_offset" INTEGER NOT NULL,
    "next_offset" INTEGER NOT NULL,
    "seen_at" INTEGER NOT NULL,
    CONSTRAINT "PK_lost_range" PRIMARY KEY ("source_id", "partition", "first_offset")
);

CREATE TABLE "model" (
    "name" TEXT NOT NULL CONSTRAINT "PK_model" PRIMARY KEY,
    "champion" TEXT NULL,
    "created_at" INTEGER NOT NULL
);

CREATE TABLE "model_feature_range" (
    "model_version" TEXT NOT NULL,
    "measurement" TEXT NOT NULL,
    "p1" REAL NOT NULL,
    "p99" REAL NOT NULL,
    CONSTRAINT "PK_model_feature_range" PRIMARY KEY ("model_version", "measurement")
);

CREATE TABLE "model_version" (
    "name" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "object_key" TEXT NOT NULL,
    "sha256" TEXT NOT NULL,
    "card" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL,
    "created_by" TEXT NOT NULL,
    CONSTRAINT "PK_model_version" PRIMARY KEY ("name", "version")
);

CREATE TABLE "partition_status" (
    "source_id" INTEGER NOT NULL,
    "partition" INTEGER NOT NULL,
    "time" INTEGER NOT NULL,
    "high_watermark" INTEGER NOT NULL,
    "lag_records" INTEGER NOT NULL,
    "lag_seconds" REAL NOT NULL,
    "spool_bytes" INTEGER NOT NULL,
    "retries" INTEGER NOT NULL,
    "visible_p99_ms" REAL NULL,
    "host" TEXT NOT NULL,
    CONSTRAINT "PK_partition_status" PRIMARY KEY ("source_id", "partition", "time")
);

CREATE TABLE "pipeline_minute" (
    "profile" TEXT NOT NULL,
    "bucket_start" INTEGER NOT NULL,
    "source_id" INTEGER NOT NULL,
    "partition" INTEGER NOT NULL,
    "readings" INTEGER NOT NULL,
    "normal" INTEGER NOT NULL,
    "anomalies" INTEGER NOT NULL,
    "dead_letters" INTEGER NOT NULL,
    "duplicates" INTEGER NOT NULL,
    "not_scored" INTEGER NOT NULL,
    "late" INTEGER NOT NULL,
    "score_sum" REAL NOT NULL,
    CONSTRAINT "PK_pipeline_minute" PRIMARY KEY ("bucket_start", "profile", "source_id", "partition")
);

CREATE TABLE "scoring_assignment" (
    "source_id" INTEGER NOT NULL,
    "partition" INTEGER NOT NULL,
    "from_offset" INTEGER NOT NULL,
    "plan_id" TEXT NOT NULL,
    CONSTRAINT "PK_scoring_assignment" PRIMARY KEY ("source_id", "partition", "from_offset")
);

CREATE TABLE "scoring_plan" (
    "plan_id" TEXT NOT NULL CONSTRAINT "PK_scoring_plan" PRIMARY KEY,
    "content" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL
);

CREATE TABLE "sensor" (
    "sensor_key" INTEGER NOT NULL CONSTRAINT "PK_sensor" PRIMARY KEY AUTOINCREMENT,
    "sensor_id" TEXT NULL,
    "profile" TEXT NOT NULL,
    "first_seen_at" INTEGER NOT NULL,
    "last_event_time" INTEGER NULL,
    "last_record_time" INTEGER NULL,
    "last_measurements" TEXT NULL,
    "last_score" REAL NULL,
    "last_flags" INTEGER NOT NULL
);

CREATE TABLE sensor_hour (
    sensor_key INTEGER NOT NULL, bucket_start INTEGER NOT NULL, measurement TEXT NOT NULL, reading_count INTEGER NOT NULL,
    value_min REAL NULL, value_max REAL NULL, value_sum REAL NOT NULL, value_sum_squares REAL NOT NULL,
    anomaly_count INTEGER NOT NULL, score_max REAL NULL,
    PRIMARY KEY (sensor_key, bucket_start, measurement)) WITHOUT ROWID;

CREATE TABLE sensor_minute (
    sensor_key INTEGER NOT NULL, bucket_start INTEGER NOT NULL, measurement TEXT NOT NULL, reading_count INTEGER NOT NULL,
    value_min REAL NULL, value_max REAL NULL, value_sum REAL NOT NULL, value_sum_squares REAL NOT NULL,
    anomaly_count INTEGER NOT NULL, score_max REAL NULL,
    PRIMARY KEY (sensor_key, bucket_start, measurement)) WITHOUT ROWID;

CREATE TABLE "sequence" (
    "name" TEXT NOT NULL CONSTRAINT "PK_sequence" PRIMARY KEY,
    "value" INTEGER NOT NULL
);

CREATE TABLE "source" (
    "source_id" INTEGER NOT NULL CONSTRAINT "PK_source" PRIMARY KEY AUTOINCREMENT,
    "kind" TEXT NOT NULL,
    "cluster_id" TEXT NOT NULL,
    "topic" TEXT NOT NULL,
    "topic_id" TEXT NOT NULL,
    "opened_at" INTEGER NOT NULL,
    "closed_at" INTEGER NULL
);

CREATE TABLE "stream_partition" (
    "source_id" INTEGER NOT NULL,
    "partition" INTEGER NOT NULL,
    "owner_epoch" INTEGER NOT NULL,
    "owner" TEXT NULL,
    "claimed_at" INTEGER NULL,
    "fast_offset" INTEGER NOT NULL,
    "rollup_offset" INTEGER NOT NULL,
    "lake_offset" INTEGER NOT NULL,
    "state_object" TEXT NULL,
    "state_sha256" TEXT NULL,
    CONSTRAINT "PK_stream_partition" PRIMARY KEY ("source_id", "partition"),
    CONSTRAINT "stream_partition_offsets" CHECK (lake_offset <= rollup_offset AND rollup_offset <= fast_offset)
);

CREATE INDEX "IX_anomaly_event_time" ON "anomaly" ("event_time");

CREATE INDEX "IX_anomaly_sensor_key_event_time" ON "anomaly" ("sensor_key", "event_time");

CREATE UNIQUE INDEX "IX_api_key_hash" ON "api_key" ("hash");

CREATE INDEX "IX_dead_letter_record_time" ON "dead_letter" ("record_time");

CREATE INDEX "IX_lake_file_removed_at" ON "lake_file" ("removed_at") WHERE removed_at IS NOT NULL;

CREATE INDEX "IX_lake_file_table_name_added_version_source_id_partition_first_offset" ON "lake_file" ("table_name", "added_version", "source_id", "partition", "first_offset");

CREATE UNIQUE INDEX "IX_sensor_sensor_id" ON "sensor" ("sensor_id");

CREATE UNIQUE INDEX "IX_source_kind_cluster_id_topic" ON "source" ("kind", "cluster_id", "topic") WHERE closed_at IS NULL;

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261124110405_Initial', '10.0.15');

CREATE TABLE "idempotent_request" (
    "request_key" TEXT NOT NULL CONSTRAINT "PK_idempotent_request" PRIMARY KEY,
    "body_sha256" TEXT NOT NULL,
    "answer" TEXT NOT NULL,
    "positions" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL
);

CREATE INDEX "IX_idempotent_request_created_at" ON "idempotent_request" ("created_at");

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261124163000_IdempotentRequests', '10.0.15');

CREATE TABLE "audit_entry" (
    "audit_id" INTEGER NOT NULL CONSTRAINT "PK_audit_entry" PRIMARY KEY AUTOINCREMENT,
    "at" INTEGER NOT NULL,
    "actor" TEXT NOT NULL,
    "actor_key_id" INTEGER NULL,
    "source" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "before" TEXT NULL,
    "after" TEXT NULL,
    "trace_id" TEXT NULL
);

CREATE INDEX "IX_audit_entry_at" ON "audit_entry" ("at");

CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END;

CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END;

CREATE TRIGGER audit_entry_no_replace BEFORE INSERT ON audit_entry
WHEN EXISTS (SELECT 1 FROM audit_entry WHERE audit_id = NEW.audit_id)
BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END;

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261124183000_AuditLog', '10.0.15');

CREATE TABLE "host_role" (
    "role" TEXT NOT NULL CONSTRAINT "PK_host_role" PRIMARY KEY,
    "owner" TEXT NOT NULL,
    "taken_at" INTEGER NOT NULL,
    "expires_at" INTEGER NOT NULL
);

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261124192137_HostRoles', '10.0.15');

ALTER TABLE "model_version" ADD "training_run_id" INTEGER NULL;

ALTER TABLE "model" ADD "shadow" TEXT NULL;

ALTER TABLE "model" ADD "shadow_share" REAL NOT NULL DEFAULT 0.0;

ALTER TABLE "anomaly" ADD "is_other_anomaly" INTEGER NULL;

ALTER TABLE "anomaly" ADD "other_version" TEXT NULL;

CREATE TABLE "drift_measurement" (
    "name" TEXT NOT NULL,
    "model_version" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "feature" TEXT NOT NULL,
    "measured_time" INTEGER NOT NULL,
    "value" REAL NOT NULL,
    "limit" REAL NOT NULL,
    "row_count" INTEGER NOT NULL,
    "created_at" INTEGER NOT NULL,
    CONSTRAINT "PK_drift_measurement" PRIMARY KEY ("name", "measured_time", "model_version", "method", "feature")
);

CREATE TABLE "gate_report" (
    "report_id" INTEGER NOT NULL CONSTRAINT "PK_gate_report" PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "champion" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL,
    "verdict" TEXT NOT NULL,
    "report" TEXT NOT NULL
);

CREATE TABLE "model_alias_history" (
    "change_id" INTEGER NOT NULL CONSTRAINT "PK_model_alias_history" PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "alias" TEXT NOT NULL,
    "version" TEXT NULL,
    "previous" TEXT NULL,
    "share" REAL NOT NULL,
    "changed_at" INTEGER NOT NULL,
    "changed_by" TEXT NOT NULL,
    "reason" TEXT NOT NULL
);

CREATE TABLE "shadow_minute" (
    "profile" TEXT NOT NULL,
    "bucket_start" INTEGER NOT NULL,
    "source_id" INTEGER NOT NULL,
    "partition" INTEGER NOT NULL,
    "champion_version" TEXT NOT NULL,
    "shadow_version" TEXT NOT NULL,
    "both" INTEGER NOT NULL,
    "champion_only" INTEGER NOT NULL,
    "shadow_only" INTEGER NOT NULL,
    "neither" INTEGER NOT NULL,
    "champion_nanoseconds" INTEGER NOT NULL,
    "shadow_nanoseconds" INTEGER NOT NULL,
    CONSTRAINT "PK_shadow_minute" PRIMARY KEY ("bucket_start", "profile", "shadow_version", "champion_version", "source_id", "partition")
);

CREATE TABLE "training_exclusion" (
    "exclusion_id" INTEGER NOT NULL CONSTRAINT "PK_training_exclusion" PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "sensor_id" TEXT NULL,
    "from_time" INTEGER NOT NULL,
    "to_time" INTEGER NOT NULL,
    "reason" TEXT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL
);

CREATE TABLE "training_run" (
    "run_id" INTEGER NOT NULL CONSTRAINT "PK_training_run" PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "requested_by" TEXT NOT NULL,
    "requested_at" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "stage" TEXT NULL,
    "progress" REAL NOT NULL,
    "window_from" INTEGER NOT NULL,
    "window_to" INTEGER NOT NULL,
    "seed" INTEGER NOT NULL,
    "owner" TEXT NULL,
    "lease_until" INTEGER NULL,
    "attempts" INTEGER NOT NULL,
    "is_cancel_requested" INTEGER NOT NULL,
    "started_at" INTEGER NULL,
    "finished_at" INTEGER NULL,
    "rows_read" INTEGER NOT NULL,
    "version" TEXT NULL,
    "error" TEXT NULL
);

CREATE INDEX "IX_gate_report_name_version" ON "gate_report" ("name", "version");

CREATE INDEX "IX_model_alias_history_name" ON "model_alias_history" ("name");

CREATE INDEX "IX_training_exclusion_name" ON "training_exclusion" ("name");

CREATE INDEX "IX_training_run_name" ON "training_run" ("name");

CREATE INDEX "IX_training_run_state" ON "training_run" ("state");

CREATE TRIGGER model_alias_history_no_update BEFORE UPDATE ON model_alias_history
BEGIN SELECT RAISE(ABORT, 'model_alias_history is append-only'); END;

CREATE TRIGGER model_alias_history_no_delete BEFORE DELETE ON model_alias_history
BEGIN SELECT RAISE(ABORT, 'model_alias_history is append-only'); END;

CREATE TRIGGER model_alias_history_no_replace BEFORE INSERT ON model_alias_history
WHEN EXISTS (SELECT 1 FROM model_alias_history WHERE change_id = NEW.change_id)
BEGIN SELECT RAISE(ABORT, 'model_alias_history is append-only'); END;

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261124221027_ModelLifecycle', '10.0.15');
