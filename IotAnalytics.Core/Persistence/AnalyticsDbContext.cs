using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Core.Persistence;

/// <summary>
/// The tables. One derived context per provider holds the migrations. Reads go through here; the pipeline writes through
/// <see cref="DatabaseWriter"/> with SQL of its own.
/// </summary>
public abstract class AnalyticsDbContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<Source> Sources => Set<Source>();
    public DbSet<StreamPartition> StreamPartitions => Set<StreamPartition>();
    public DbSet<ScoringPlanRow> ScoringPlans => Set<ScoringPlanRow>();
    public DbSet<ScoringAssignment> ScoringAssignments => Set<ScoringAssignment>();
    public DbSet<DeadLetterRow> DeadLetters => Set<DeadLetterRow>();
    public DbSet<LostRange> LostRanges => Set<LostRange>();
    public DbSet<PartitionStatus> PartitionStatuses => Set<PartitionStatus>();
    public DbSet<LakeFile> LakeFiles => Set<LakeFile>();
    public DbSet<DeltaTable> DeltaTables => Set<DeltaTable>();
    public DbSet<DeltaCommit> DeltaCommits => Set<DeltaCommit>();
    public DbSet<HostRoleRow> HostRoles => Set<HostRoleRow>();
    public DbSet<Sequence> Sequences => Set<Sequence>();
    public DbSet<Sensor> Sensors => Set<Sensor>();
    public DbSet<SensorMinute> SensorMinutes => Set<SensorMinute>();
    public DbSet<SensorHour> SensorHours => Set<SensorHour>();
    public DbSet<PipelineMinute> PipelineMinutes => Set<PipelineMinute>();
    public DbSet<Anomaly> Anomalies => Set<Anomaly>();
    public DbSet<Model> Models => Set<Model>();
    public DbSet<ModelVersion> ModelVersions => Set<ModelVersion>();
    public DbSet<ModelFeatureRange> ModelFeatureRanges => Set<ModelFeatureRange>();
    public DbSet<ModelAliasChange> ModelAliasChanges => Set<ModelAliasChange>();
    public DbSet<TrainingRun> TrainingRuns => Set<TrainingRun>();
    public DbSet<TrainingExclusion> TrainingExclusions => Set<TrainingExclusion>();
    public DbSet<GateReportRow> GateReports => Set<GateReportRow>();
    public DbSet<DriftMeasurement> DriftMeasurements => Set<DriftMeasurement>();
    public DbSet<ShadowMinute> ShadowMinutes => Set<ShadowMinute>();
    public DbSet<IdempotentRequestRow> IdempotentRequests => Set<IdempotentRequestRow>();
    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();
    public DbSet<AuditEntry> AuditEntries => Set<AuditEntry>();

    /// <summary>What is read until the result is disposed is one snapshot, which waits for no writer and keeps none waiting.</summary>
    internal abstract Task<IAsyncDisposable> BeginSnapshotAsync(CancellationToken cancellationToken);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Source>(e =>
        {
            e.ToTable("source").HasKey(x => x.SourceId);
            e.HasIndex(x => new { x.Kind, x.ClusterId, x.Topic }).IsUnique().HasFilter("closed_at IS NULL");
        });
        modelBuilder.Entity<StreamPartition>().ToTable("stream_partition", t => t.HasCheckConstraint(
            "stream_partition_offsets", "lake_offset <= rollup_offset AND rollup_offset <= fast_offset"))
            .HasKey(x => new { x.SourceId, x.Partition });
        modelBuilder.Entity<ScoringPlanRow>().ToTable("scoring_plan").HasKey(x => x.PlanId);
        modelBuilder.Entity<ScoringAssignment>().ToTable("scoring_assignment").HasKey(x => new { x.SourceId, x.Partition, x.FromOffset });
        modelBuilder.Entity<DeadLetterRow>(e =>
        {
            e.ToTable("dead_letter").HasKey(x => new { x.SourceId, x.Partition, x.RecordOffset, x.Item });
            e.HasIndex(x => x.RecordTime);
        });
        modelBuilder.Entity<LostRange>().ToTable("lost_range").HasKey(x => new { x.SourceId, x.Partition, x.FirstOffset });
        modelBuilder.Entity<PartitionStatus>().ToTable("partition_status").HasKey(x => new { x.SourceId, x.Partition, x.Time });
        modelBuilder.Entity<LakeFile>(e =>
        {
            e.ToTable("lake_file").HasKey(x => x.ObjectKey);
            e.HasIndex(x => new { x.TableName, x.AddedVersion, x.SourceId, x.Partition, x.FirstOffset });
            e.HasIndex(x => x.RemovedAt).HasFilter("removed_at IS NOT NULL");
        });
        modelBuilder.Entity<DeltaTable>().ToTable("delta_table").HasKey(x => x.TableName);
        modelBuilder.Entity<DeltaCommit>().ToTable("delta_commit").HasKey(x => new { x.TableName, x.Version });
        modelBuilder.Entity<HostRoleRow>().ToTable("host_role").HasKey(x => x.Role);
        modelBuilder.Entity<Sequence>().ToTable("sequence").HasKey(x => x.Name);
        modelBuilder.Entity<Sensor>(e =>
        {
            e.ToTable("sensor").HasKey(x => x.SensorKey);
            e.HasIndex(x => x.SensorId).IsUnique();
        });
        Rollup<SensorMinute>(modelBuilder, "sensor_minute");
        Rollup<SensorHour>(modelBuilder, "sensor_hour");
        modelBuilder.Entity<PipelineMinute>().ToTable("pipeline_minute").HasKey(x => new { x.BucketStart, x.Profile, x.SourceId, x.Partition });
        modelBuilder.Entity<Anomaly>(e =>
        {
            e.ToTable("anomaly").HasKey(x => new { x.SourceId, x.Partition, x.RecordOffset, x.Item });
            e.HasIndex(x => x.EventTime);
            e.HasIndex(x => new { x.SensorKey, x.EventTime });
        });
        modelBuilder.Entity<Model>().ToTable("model").HasKey(x => x.Name);
        modelBuilder.Entity<ModelVersion>().ToTable("model_version").HasKey(x => new { x.Name, x.Version });
        modelBuilder.Entity<ModelFeatureRange>().ToTable("model_feature_range").HasKey(x => new { x.ModelVersion, x.Measurement });
        modelBuilder.Entity<ModelAliasChange>(e =>
        {
            e.ToTable("model_alias_history").HasKey(x => x.ChangeId);
            e.HasIndex(x => x.Name);
        });
        modelBuilder.Entity<TrainingRun>(e =>
        {
            e.ToTable("training_run").HasKey(x => x.RunId);
            e.HasIndex(x => x.Name);
            e.HasIndex(x => x.State);
        });
        modelBuilder.Entity<TrainingExclusion>(e =>
        {
            e.ToTable("training_exclusion").HasKey(x => x.ExclusionId);
            e.HasIndex(x => x.Name);
        });
        modelBuilder.Entity<GateReportRow>(e =>
        {
            e.ToTable("gate_report").HasKey(x => x.ReportId);
            e.HasIndex(x => new { x.Name, x.Version });
        });
        modelBuilder.Entity<DriftMeasurement>().ToTable("drift_measurement").HasKey(x => new { x.Name, x.MeasuredTime, x.ModelVersion, x.Method, x.Feature });
        modelBuilder.Entity<ShadowMinute>().ToTable("shadow_minute")
            .HasKey(x => new { x.BucketStart, x.Profile, x.ShadowVersion, x.ChampionVersion, x.SourceId, x.Partition });
        modelBuilder.Entity<IdempotentRequestRow>(e =>
        {
            e.ToTable("idempotent_request").HasKey(x => x.RequestKey);
            e.HasIndex(x => x.CreatedAt);
        });
        modelBuilder.Entity<ApiKey>(e =>
        {
            e.ToTable("api_key").HasKey(x => x.KeyId);
            e.HasIndex(x => x.Hash).IsUnique();
        });
        modelBuilder.Entity<AuditEntry>(e =>
        {
            e.ToTable("audit_entry").HasKey(x => x.AuditId);
            e.HasIndex(x => x.At);
        });

        foreach (var entity in modelBuilder.Model.GetEntityTypes())
        {
            foreach (var property in entity.GetProperties())
            {
                property.SetColumnName(SnakeCase(property.Name));
            }
        }
    }

    private static void Rollup<T>(ModelBuilder modelBuilder, string table)
        where T : SensorRollup => modelBuilder.Entity<T>().ToTable(table).HasKey(x => new { x.SensorKey, x.BucketStart, x.Measurement });

    private static string SnakeCase(string name) => string.Concat(name.Select((c, i) => c switch
    {
        >= 'A' and <= 'Z' when i > 0 => $"_{(char)(c | 0x20)}",
        >= 'A' and <= 'Z' => $"{(char)(c | 0x20)}",
        // P1 and Sha256 stay one word.
        _ => $"{c}",
    }));
}
