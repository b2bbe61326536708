using System.Globalization;
using System.Text;

namespace IotAnalytics.Tests.Readings;

/// <summary>Random JSON values on one line: mostly good readings, some bad in one of many ways, all valid JSON.</summary>
internal sealed class ItemGenerator(int seed, string[] measurements)
{
    private static readonly string[] OddValues =
        ["null", "true", "\"23\"", "[]", "{\"a\":[1,2,{\"b\":null}]}", "1e999", "-1e400", "\"\"", "\"\\u00e9\\ud83d\\ude00\"", "\"ü\"", "0", "-0", "-0.0", "1e-400", "12345678901234567890123"];

    private readonly Random _random = new(seed);

    public string Next()
    {
        if (_random.Next(40) == 0)
        {
            return OddValues[_random.Next(OddValues.Length)];
        }

        var fields = new List<(string Name, string Value)>
        {
            ("sensor_id", Odd(60) ?? $"\"plant-{_random.Next(3)}/sensor:{_random.Next(40)}\""),
            ("timestamp", Odd(60) ?? Timestamp()),
        };
        for (var i = _random.Next(5); i > 0; i--)
        {
            fields.Add((measurements[_random.Next(measurements.Length)], Odd(40) ?? Number()));
        }

        for (var i = _random.Next(6) - 3; i > 0; i--)
        {
            fields.Add((_random.Next(2) == 0 ? "battery" : "note", OddValues[_random.Next(OddValues.Length)]));
        }

        if (_random.Next(3) == 0)
        {
            _random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(fields));
        }

        if (_random.Next(50) == 0)
        {
            fields.RemoveAt(_random.Next(fields.Count));
        }

        if (_random.Next(50) == 0)
        {
            fields.Add(fields[_random.Next(fields.Count)]);
        }

        var space = _random.Next(4) == 0 ? " " : "";
        return "{" + space + string.Join("," + space, fields.Select(f => $"\"{Escaped(f.Name)}\"{space}:{space}{f.Value}")) + space + "}";
    }

    private string? Odd(int oneIn) => _random.Next(oneIn) == 0 ? OddValues[_random.Next(OddValues.Length)] : null;

    private string Timestamp()
    {
        var ms = Parsing.Now - _random.NextInt64(3 * 86_400_000L);
        return _random.Next(8) switch
        {
            0 => ms.ToString(CultureInfo.InvariantCulture),
            1 => $"\"{At(ms):yyyy-MM-dd'T'HH:mm:ss}Z\"",
            2 => $"\"{At(ms):yyyy-MM-dd'T'HH:mm:ss.fffffff}Z\"",
            3 => $"\"{At(ms):yyyy-MM-dd'T'HH\\\\u003amm:ss.fff}Z\"",
            4 when _random.Next(10) == 0 => ms.ToString(CultureInfo.InvariantCulture) + ".0",
            5 when _random.Next(10) == 0 => "1999999999",
            _ => $"\"{At(ms):yyyy-MM-dd'T'HH:mm:ss.fff}Z\"",
        };
    }

    private string Number() => _random.Next(6) switch
    {
        0 => _random.Next(-1000, 1000).ToString(CultureInfo.InvariantCulture),
        1 => (_random.NextDouble() * 1e6 - 5e5).ToString("R", CultureInfo.InvariantCulture),
        2 => (_random.NextDouble() * Math.Pow(10, _random.Next(-300, 300))).ToString("R", CultureInfo.InvariantCulture),
        _ => (_random.Next(-5_000, 20_000) / 100.0).ToString("0.00", CultureInfo.InvariantCulture),
    };

    private string Escaped(string name)
    {
        if (_random.Next(20) != 0)
        {
            return name;
        }

        var at = _random.Next(name.Length);
        return new StringBuilder(name).Remove(at, 1).Insert(at, $"\\u{(int)name[at]:x4}").ToString();
    }

    private static DateTime At(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).UtcDateTime;
}
