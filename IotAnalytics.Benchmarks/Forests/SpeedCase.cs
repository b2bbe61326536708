using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using IotAnalytics.Core.Modeling.Forests;

namespace IotAnalytics.Benchmarks.Forests;

/// <summary>A table to grow from and to score.</summary>
internal sealed record SpeedCase(string Name, float[][] Columns, int Rows)
{
    private const int UniformRows = 100_000;

    public static SpeedCase Load(string name, string? folder)
    {
        if (name[0] == 'u' && int.TryParse(name.AsSpan(1), CultureInfo.InvariantCulture, out var columns))
        {
            return Uniform(name, columns);
        }

        if (folder is null)
        {
            throw new ArgumentException($"Case {name} needs --input; without it only uN can be measured.");
        }

        using var about = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, $"{name}.json")));
        var rows = about.RootElement.GetProperty("rows").GetInt32();
        var width = about.RootElement.GetProperty("cols").GetInt32();
        var values = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(folder, $"{name}.f32"))).ToArray();
        return new SpeedCase(name, [.. Enumerable.Range(0, width).Select(c => Enumerable.Range(0, rows).Select(r => values[r * width + c]).ToArray())], rows);
    }

    private static SpeedCase Uniform(string name, int columns)
    {
        var random = new Xoshiro256(seed: 1, stream: columns);
        var table = new float[columns][];
        for (var c = 0; c < columns; c++)
        {
            table[c] = new float[UniformRows];
            for (var r = 0; r < UniformRows; r++)
            {
                table[c][r] = (float)random.NextUniform();
            }
        }

        return new SpeedCase(name, table, UniformRows);
    }
}
