using System.Diagnostics;
using System.Text.Json;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Lake;

/// <summary>A Delta table as delta-rs sees it.</summary>
internal static class DeltaRead
{
    public static Task<JsonElement> TableAsync(string folder) => TableAsync(folder, new Dictionary<string, string>());

    /// <param name="table">A folder, or <c>s3://bucket/prefix</c>.</param>
    /// <param name="environment">Where the store is and who reads.</param>
    public static async Task<JsonElement> TableAsync(string table, IReadOnlyDictionary<string, string> environment)
    {
        var program = TestEnvironment.RequireDeltaRead();
        var start = new ProcessStartInfo(program, [table]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{table}: {await errors}");
        return JsonDocument.Parse(output).RootElement.Clone();
    }

    public static long Rows(this JsonElement table) => table.GetProperty("rows").GetInt64();

    public static long Version(this JsonElement table) => table.GetProperty("version").GetInt64();

    public static long Files(this JsonElement table) => table.GetProperty("files").GetInt64();
}
