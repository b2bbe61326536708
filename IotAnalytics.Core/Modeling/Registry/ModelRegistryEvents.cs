namespace IotAnalytics.Core.Diagnostics;

public static partial class EventIds
{
    public const int BootstrapModelTrained = 4001;
    public const int ModelDoesNotFitProfile = 4002;
    public const int ModelImported = 4003;
    public const int ModelVersionAdded = 4010;
    public const int ModelAliasChanged = 4011;
    public const int ShadowDoesNotFitProfile = 4012;
    public const int ModelCheckFailed = 4020;
    public const int ModelCheckPassed = 4021;
    public const int ModelCheckSkipped = 4022;
}
