namespace IotAnalytics.Core.Diagnostics;

public static partial class EventIds
{
    public const int LakePublished = 3001;
    public const int LakePublishFailed = 3002;
    public const int LakePublishingStopped = 3003;
    public const int LakeCheckpointed = 3004;
    public const int LakeCompacted = 3005;
    public const int LakeRewriteAbandoned = 3006;
    public const int LakeVacuumed = 3007;
    public const int LakeOrphanDeleted = 3008;
    public const int LakeStoreRetried = 3009;
    public const int LakeStoreProbed = 3010;
    public const int LakeBucketCreated = 3011;
}
