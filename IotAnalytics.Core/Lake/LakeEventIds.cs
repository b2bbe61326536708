namespace IotAnalytics.Core.Diagnostics;

public static partial class EventIds
{
    public const int LakePublished = 3001;
    public const int LakePublishFailed = 3002;
    public const int LakePublishingStopped = 3003;
    public const int LakeCheckpointed = 3004;
}
