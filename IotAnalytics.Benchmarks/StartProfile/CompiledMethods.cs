using System.Diagnostics.Tracing;
using System.Reflection;

namespace IotAnalytics.Benchmarks.StartProfile;

/// <summary>Listens to this process's compiler: the generic methods that were not compiled ahead. Only those can be put into another assembly than their own.</summary>
internal sealed class CompiledMethods : EventListener
{
    private const string Runtime = "Microsoft-Windows-DotNETRuntime";
    private const EventKeywords Jit = (EventKeywords)0x10;
    private const int MethodIdAt = 0;
    private const int FlagsAt = 5;
    private const uint IsDynamic = 1;
    private const int TierShift = 7;
    private const uint TierMask = 7;

    /// <summary>The tier of what is compiled at its first call; what was compiled ahead never has it.</summary>
    private const uint QuickJitted = 3;

    private readonly Lock _lock = new();
    private readonly HashSet<nint> _ids = [];

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Runtime)
        {
            EnableEvents(eventSource, EventLevel.Verbose, Jit);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName?.StartsWith("MethodLoadVerbose", StringComparison.Ordinal) != true || eventData.Payload is not { } payload)
        {
            return;
        }

        var flags = (uint)payload[FlagsAt]!;
        if ((flags & IsDynamic) == 0 && ((flags >> TierShift) & TierMask) == QuickJitted)
        {
            lock (_lock)
            {
                _ids.Add((nint)(ulong)payload[MethodIdAt]!);
            }
        }
    }

    /// <summary>Writes what was compiled so far.</summary>
    public void Save(string path)
    {
        nint[] ids;
        lock (_lock)
        {
            ids = [.. _ids];
        }

        var file = new MibcFile();
        foreach (var method in ids.Select(Method).OfType<MethodBase>())
        {
            if (method.DeclaringType is { } type && (type.IsGenericType || method.IsGenericMethod) && MibcFile.CanHold(method))
            {
                file.Add(method);
            }
        }

        file.Save(path);
    }

    /// <summary>The public way asks for the handle of the declaring type beside the method's when that is generic, and the event has none.</summary>
    private static MethodBase? Method(nint id)
    {
        const BindingFlags Hidden = BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance;
        var info = typeof(RuntimeMethodHandle).GetMethod("GetMethodInfo", Hidden)!.Invoke(RuntimeMethodHandle.FromIntPtr(id), null)!;
        var find = typeof(object).Assembly.GetType("System.RuntimeType")!.GetMethods(Hidden).Single(m => m.Name == "GetMethodBase" && m.GetParameters().Length == 1);
        return (MethodBase?)find.Invoke(null, [info]);
    }
}
