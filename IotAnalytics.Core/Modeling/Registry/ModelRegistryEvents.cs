namespace IotAnalytics.Core.Diagnostics;

public static partial class EventIds
{
    public const int BootstrapModelTrained = 4001;
    public const int ModelDoesNotFitProfile = 4002;
    public const int ModelImported = 4003;
}
