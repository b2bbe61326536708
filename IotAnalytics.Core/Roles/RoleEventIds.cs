namespace IotAnalytics.Core.Diagnostics;

public static partial class EventIds
{
    public const int RoleTaken = 6001;
    public const int RoleLost = 6002;
    public const int RoleNotRenewed = 6003;
}
