namespace IotAnalytics.Tests.Fixtures;

/// <summary>
/// Outside programs and data that some tests need. Missing ones skip the test, or fail it when IOT_TEST_REQUIRE_SERVERS=1,
/// so that a CI run cannot stay green by skipping.
/// </summary>
internal static class TestEnvironment
{
    /// <summary>The program that reads a Delta table with an implementation that is not ours: <c>delta-read DIR</c> prints JSON.</summary>
    public static string RequireDeltaRead() => Require("IOT_TEST_DELTA_READ", "a program that reads a Delta table", "");

    /// <summary>The same for a test that has more to say than this program: null when there is none.</summary>
    public static string? FindDeltaRead() =>
        Environment.GetEnvironmentVariable("IOT_TEST_REQUIRE_SERVERS") == "1" || Environment.GetEnvironmentVariable("IOT_TEST_DELTA_READ") is { Length: > 0 }
            ? RequireDeltaRead()
            : null;

    /// <summary>A file of the data sets, for example <c>sensors/office-building.csv.gz</c>.</summary>
    public static string RequireData(string relative) => Require("IOT_TEST_DATA", "the folder of data sets", relative);

    /// <summary>A program of the folder of real servers, for example <c>postgres</c> or <c>kafka/kafka</c>.</summary>
    public static string RequireServers(string relative) => Require("IOT_TEST_SERVERS", "the folder of real servers", relative);

    /// <summary>The program of a folder that was published as the Dockerfile does.</summary>
    public static string RequirePublished() => Require("IOT_TEST_APP", "a folder published as in deploy/Dockerfile", "IotAnalytics.Web");

    /// <summary>The address of a server that runs already (<c>IOT_TEST_S3</c> and the like), or null.</summary>
    public static string? RunningServer(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } address ? address : null;

    /// <summary>A program that the servers need, found by PATH.</summary>
    public static void RequireProgram(string name)
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, name))))
        {
            Miss($"the program {name} is not there");
        }
    }

    private static string Require(string variable, string meaning, string relative)
    {
        var value = Environment.GetEnvironmentVariable(variable);
        var path = string.IsNullOrEmpty(value) ? null : Path.GetFullPath(Path.Combine(value, relative));
        if (path is not null && File.Exists(path))
        {
            return path;
        }

        Miss(path is null ? $"{variable} is not set ({meaning})" : $"{variable}: {path} does not exist");
        return "";
    }

    private static void Miss(string reason)
    {
        if (Environment.GetEnvironmentVariable("IOT_TEST_REQUIRE_SERVERS") == "1")
        {
            Assert.Fail(reason);
        }

        Assert.Skip(reason);
    }
}
