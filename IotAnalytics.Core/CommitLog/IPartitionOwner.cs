namespace IotAnalytics.Core.CommitLog;

/// <summary>Hears which partitions of the log are this host's. Calls come one after the other.</summary>
public interface IPartitionOwner
{
    /// <summary>These partitions are this host's from now on, besides those that it has; none at all also says that the host belongs to the group.
    /// Returns at once.</summary>
    void Assigned(IReadOnlyList<int> partitions);

    /// <summary>These partitions will be another host's when the task completes: finish in a few seconds or give up, the group waits.</summary>
    Task RevokedAsync(IReadOnlyList<int> partitions);

    /// <summary>These partitions may be another host's already: stop at once. Returns at once.</summary>
    void Lost(IReadOnlyList<int> partitions);
}
