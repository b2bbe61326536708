using System.Diagnostics;
using System.Text.Json;
using IotAnalytics.Tests.Fixtures;

namespace IotAnalytics.Tests.Lake;

/// <summary>A Delta table as delta-rs sees it.</summary>
internal static class DeltaRead
{
    public static async Task<JsonElement> TableAsync(string folder)
    {
        var program = TestEnvironment.RequireDeltaRead();
        using var process = Process.Start(new ProcessStartInfo(program, [folder]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{folder}: {await errors}");
        return JsonDocument.Parse(output).RootElement.Clone();
    }

    public static long Rows(this JsonElement table) => table.GetProperty("rows").GetInt64();

    public static long Version(this JsonElement table) => table.GetProperty("version").GetInt64();

    public static long Files(this JsonElement table) => table.GetProperty("files").GetInt64();
}
