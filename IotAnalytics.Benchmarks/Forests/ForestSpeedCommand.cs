using System.CommandLine;

namespace IotAnalytics.Benchmarks.Forests;

/// <summary><c>forest-speed</c>: nanoseconds a row and growing time of the isolation forest as JSON lines, for tables beside other programs.</summary>
internal static class ForestSpeedCommand
{
    private static readonly Option<string?> Input = new("--input") { Description = "A folder with NAME.f32 files: row-major little-endian 32-bit floats, and NAME.json with rows and cols." };

    private static readonly Option<string?> Cases = new("--cases")
    {
        Description = "Names of the folder, or uN for N columns of uniform numbers, separated by commas. Default s3,w10 of a folder, else u3,u10.",
    };

    private static readonly Option<string> Paths = new("--paths")
    {
        DefaultValueFactory = _ => "Avx512,Avx2,Avx2Ranks,Heap",
        Description = "Preorder, Heap, Avx2Ranks, Avx2, Avx512, separated by commas. What does not fit is left out.",
    };

    private static readonly Option<string> Batches = new("--batches") { DefaultValueFactory = _ => "1,10,100,1000,100000", Description = "Rows scored at once." };
    private static readonly Option<double> Seconds = new("--min-time") { DefaultValueFactory = _ => 1, Description = "Seconds per figure, divided among seven samples." };

    public static Command Create()
    {
        var command = new Command("forest-speed", "Measure scoring and growing: 100 trees of 256. Build with -c Release.") { Input, Cases, Paths, Batches, Seconds };
        command.SetAction(parsed =>
        {
            foreach (var name in List(parsed.GetValue(Cases) ?? (parsed.GetValue(Input) is null ? "u3,u10" : "s3,w10")))
            {
                var run = new ForestSpeedRun(SpeedCase.Load(name, parsed.GetValue(Input)), parsed.GetValue(Seconds), Console.Out);
                run.Grow();
                run.Score(List(parsed.GetRequiredValue(Paths)), [.. List(parsed.GetRequiredValue(Batches)).Select(int.Parse)]);
            }

            return 0;
        });
        return command;
    }

    private static string[] List(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
