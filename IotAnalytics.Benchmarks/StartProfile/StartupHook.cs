using IotAnalytics.Benchmarks.StartProfile;

/// <summary>What the runtime calls before <c>Main</c> in a host that was started with this assembly in <c>DOTNET_STARTUP_HOOKS</c>; it asks for this name and no namespace.</summary>
internal static class StartupHook
{
    /// <summary>The variable that holds the path of the profile.</summary>
    public const string PathVariable = "IOT_START_PROFILE";

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } path)
        {
            var methods = new CompiledMethods();
            AppDomain.CurrentDomain.ProcessExit += (_, _) => methods.Save(path);
        }
    }
}
