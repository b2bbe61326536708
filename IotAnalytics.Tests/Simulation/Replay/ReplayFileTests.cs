using System.IO.Compression;
using System.Text;
using IotAnalytics.Core.Simulation.Replay;
using IotAnalytics.Tests.Fixtures;
using Parquet;
using Parquet.Schema;

namespace IotAnalytics.Tests.Simulation.Replay;

public sealed class ReplayFileTests : IDisposable
{
    private const string Line1 = """{"sensor_id":"a-1","timestamp":"2013-08-23T23:04:00Z","temperature":23.460,"humidity":52.620}""";
    private const string Line2 = """{"sensor_id":"b","timestamp":"2013-08-24T01:04:00.5+02:00","humidity":-1}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("iot-replay-").FullName;
    private readonly CancellationToken _token = TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("sensor_id,timestamp,temperature,humidity\na-1,2013-08-23T23:04:00Z,23.460,52.620\nb,2013-08-24T01:04:00.5+02:00,,-1\n")]
    [InlineData("sensor_id;timestamp;temperature;humidity\r\na-1;2013-08-23T23:04:00Z;23.460;52.620\r\nb;2013-08-24T01:04:00.5+02:00;;-1")]
    [InlineData("\uFEFFsensor_id\ttimestamp\ttemperature\thumidity\na-1\t2013-08-23T23:04:00Z\t23.460\t52.620\nb\t2013-08-24T01:04:00.5+02:00\t\t-1\n")]
    [InlineData("temperature,\"humidity\",timestamp,sensor_id\n23.460,\"52.620\",2013-08-23T23:04:00Z,a-1\n\" \", -1 ,\"2013-08-24T01:04:00.5+02:00\",b\n")]
    public async Task Csv_cells_go_on_as_they_are_and_empty_ones_are_missing(string csv)
    {
        var lines = await LinesAsync(Write(csv));

        Assert.Equal([Line1, Line2], lines.Select(l => l.Contains("\"temperature\":23.460", StringComparison.Ordinal) ? Line1 : l));
        Assert.Equal(Sorted(Line1), Sorted(lines[0]));
    }

    [Theory]
    [InlineData("+3", "3")]
    [InlineData(".5", "0.5")]
    [InlineData("007", "7")]
    [InlineData("1.", "1")]
    [InlineData("2.5e3", "2500")]
    [InlineData("-0.25", "-0.25")]
    public async Task A_number_that_json_would_refuse_is_rewritten(string cell, string number)
    {
        var lines = await LinesAsync(Write($"sensor_id,timestamp,t\na,2013-08-23T23:04:00Z,{cell}\n"));

        Assert.EndsWith($"\"t\":{number}}}", lines.Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1377299040000", "1377299040000", 1_377_299_040_000)]
    [InlineData("2013-08-23T23:04:00.1234567Z", "\"2013-08-23T23:04:00.1234567Z\"", 1_377_299_040_123)]
    [InlineData("2013-08-23T23:04:00-05:30", "\"2013-08-23T23:04:00-05:30\"", 1_377_318_840_000)]
    [InlineData("2013-08-23 23:04:00+00:00", "\"2013-08-23T23:04:00.000Z\"", 1_377_299_040_000)]
    [InlineData("2013-08-23 23:04Z", "\"2013-08-23T23:04:00.000Z\"", 1_377_299_040_000)]
    [InlineData("1969-12-31T23:59:59.999Z", "\"1969-12-31T23:59:59.999Z\"", -1)]
    public async Task A_time_with_a_zone_goes_on(string cell, string json, long unixMs)
    {
        await using var file = await ReplayFile.OpenAsync(Write($"sensor_id,timestamp,t\na,{cell},1\n"), new ReplayOptions(), _token);

        Assert.True(await file.AdvanceAsync(skipBad: false, _token));
        Assert.Equal($$"""{"sensor_id":"a","timestamp":{{json}},"t":1}""" + "\n", Encoding.UTF8.GetString(file.Row.Line.Span));
        Assert.Equal(unixMs, file.Row.EventMs);
    }

    [Fact]
    public async Task A_time_without_a_zone_is_refused_unless_it_is_to_be_utc()
    {
        var path = Write("sensor_id,timestamp,t\na,2013-08-23 23:04:00,1\n");

        var error = await Assert.ThrowsAsync<ReplayFormatException>(() => LinesAsync(path));
        Assert.Contains($"{path}, line 2: timestamp '2013-08-23 23:04:00' has no zone", error.Message, StringComparison.Ordinal);
        Assert.Contains("--assume-utc", error.Message, StringComparison.Ordinal);

        var lines = await LinesAsync(path, new ReplayOptions { AssumeUtc = true });
        Assert.Equal(["""{"sensor_id":"a","timestamp":"2013-08-23T23:04:00.000Z","t":1}"""], lines);
    }

    [Fact]
    public async Task Ndjson_goes_on_byte_for_byte()
    {
        const string Odd = """{ "timestamp": 1377299040000, "nested": {"sensor_id": 5}, "sensor_id":"a", "temperature": 1e1, "x": null }""";

        var lines = await LinesAsync(Write($"{Line1}\r\n\n{Odd}\n{Line2}"));

        Assert.Equal([Line1, Odd, Line2], lines);
    }

    [Fact]
    public async Task Ndjson_without_a_zone_gets_one_when_told()
    {
        var path = Write("""{"sensor_id":"a","timestamp":"2013-08-23T23:04:00","t":1}""");

        await Assert.ThrowsAsync<ReplayFormatException>(() => LinesAsync(path));
        Assert.Equal(
            ["""{"sensor_id":"a","timestamp":"2013-08-23T23:04:00.000Z","t":1}"""],
            await LinesAsync(path, new ReplayOptions { AssumeUtc = true }));
    }

    [Fact]
    public async Task A_line_may_be_longer_than_the_first_buffer()
    {
        var line = $$"""{"sensor_id":"a","timestamp":1377299040000,"note":"{{new string('x', 150_000)}}"}""";

        Assert.Equal([line, Line1], await LinesAsync(Write($"{line}\n{Line1}\n")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Parquet_gives_the_same_readings(bool gzip)
    {
        var path = await WriteParquetAsync("r.parquet");

        var lines = await LinesAsync(gzip ? Gzip(path) : path);

        Assert.Equal(
            [
                """{"sensor_id":"a","timestamp":"2013-08-23T23:04:00.000Z","temperature":23.46,"count":7,"ratio":0.1}""",
                """{"sensor_id":"b","timestamp":"2013-08-23T23:04:01.500Z","count":8,"ratio":21.4}""",
                """{"sensor_id":"c","timestamp":"2013-08-23T23:04:02.000Z","temperature":1,"count":9,"ratio":0}""",
            ],
            lines);
    }

    [Fact]
    public async Task Gzip_is_seen_by_its_content()
    {
        var path = Gzip(Write($"{Line1}\n"));
        var plain = Path.Combine(_folder, "no-extension");
        File.Move(path, plain);

        Assert.Equal([Line1], await LinesAsync(plain));
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData(" \n\n", "the file is empty")]
    [InlineData("\0\u0001\u0002binary", "not a CSV, NDJSON or Parquet file")]
    [InlineData("hello world\nthis is prose\n", "no column sensor_id")]
    [InlineData("sensor,time,t\na,2013-08-23T23:04:00Z,1\n", "no column sensor_id; needed are sensor_id, timestamp and a measurement, the header has sensor, time, t")]
    [InlineData("sensor_id,time,t\na,2013-08-23T23:04:00Z,1\n", "no column timestamp")]
    [InlineData("sensor_id,timestamp\na,2013-08-23T23:04:00Z\n", "no measurement")]
    [InlineData("sensor_id,timestamp,t,t\na,2013-08-23T23:04:00Z,1,2\n", "repeated name")]
    [InlineData("[{\"sensor_id\":\"a\"}]", "a JSON array; accepted is NDJSON")]
    [InlineData("PAR1 is how it starts, and then it is no Parquet", "damaged Parquet file")]
    public async Task A_file_that_cannot_be_replayed_is_refused_before_anything_is_read(string content, string said)
    {
        var path = Write(content);

        var error = await Assert.ThrowsAsync<ReplayFormatException>(() => ReplayFile.OpenAsync(path, new ReplayOptions { SkipBad = true }, _token));

        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("a,2013-08-23T23:04:00Z,hot", "t 'hot' is not a number")]
    [InlineData("a,2013-08-23T23:04:00Z,NaN", "t 'NaN' is not a number")]
    [InlineData("a,2013-08-23T23:04:00Z,1e999", "t '1e999' is not a number")]
    [InlineData("a,2013-08-23T23:04:00Z", "2 cells, the header has 3")]
    [InlineData("a,2013-08-23T23:04:00Z,1,2", "4 cells, the header has 3")]
    [InlineData("a,2013-02-30T23:04:00Z,1", "timestamp '2013-02-30T23:04:00Z' is not a time")]
    [InlineData("a,23.08.2013 23:04,1", "timestamp '23.08.2013 23:04' is not a time")]
    [InlineData("a b,2013-08-23T23:04:00Z,1", "sensor_id 'a b' is not 1 to 128 of")]
    [InlineData(",2013-08-23T23:04:00Z,1", "sensor_id '' is not 1 to 128 of")]
    public async Task A_bad_row_is_named_by_its_line_and_may_be_skipped(string row, string said)
    {
        var path = Write($"sensor_id,timestamp,t\n\"a\",2013-08-23T23:03:00Z,1\n{row}\nb,2013-08-23T23:05:00Z,2\n");

        var error = await Assert.ThrowsAsync<ReplayFormatException>(() => LinesAsync(path));
        Assert.StartsWith($"{path}, line 3: {said}", error.Message, StringComparison.Ordinal);

        await using var file = await ReplayFile.OpenAsync(path, new ReplayOptions { SkipBad = true }, _token);
        var count = 0;
        while (await file.AdvanceAsync(skipBad: true, _token))
        {
            count++;
        }

        Assert.Equal((2, 1), (count, file.Skipped));
    }

    [Theory]
    [InlineData("{broken", "not JSON")]
    [InlineData("""{"sensor_id":"a","timestamp":1377299040000} x""", "not JSON")]
    [InlineData("42", "not a JSON object")]
    [InlineData("""{"timestamp":1377299040000,"t":1}""", "no sensor_id")]
    [InlineData("""{"sensor_id":"a","t":1}""", "no timestamp")]
    [InlineData("""{"sensor_id":"a","timestamp":"soon","t":1}""", "timestamp 'soon' is not a time")]
    public async Task A_bad_line_of_ndjson_is_named(string line, string said)
    {
        var path = Write($"{Line1}\n\n{line}\n{Line2}\n");

        var error = await Assert.ThrowsAsync<ReplayFormatException>(() => LinesAsync(path));

        Assert.StartsWith($"{path}, line 3: {said}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_gzip_is_told()
    {
        var rows = string.Concat(Enumerable.Range(0, 50_000).Select(i => $"s{i},2013-08-23T23:04:00Z,{i * 7919 % 10_007}\n"));
        var path = Gzip(Write($"sensor_id,timestamp,t\n{rows}"));
        var bytes = await File.ReadAllBytesAsync(path, _token);
        await File.WriteAllBytesAsync(path, bytes[..(bytes.Length / 2)], _token);

        var error = await Assert.ThrowsAsync<ReplayFormatException>(() => LinesAsync(path));

        Assert.Contains("cannot be read after line", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_file_and_a_folder_are_told()
    {
        var missing = Path.Combine(_folder, "nothing.csv");
        var error = await Assert.ThrowsAsync<ReplayFormatException>(() => LinesAsync(missing));
        Assert.Equal($"{missing}: no such file.", error.Message);

        await Assert.ThrowsAsync<ReplayFormatException>(() => LinesAsync(_folder));
    }

    [Fact]
    public async Task Line_numbers_count_quoted_newlines()
    {
        var path = Write("sensor_id,timestamp,t,u\na,2013-08-23T23:03:00Z,\"1\n\",2\nb,2013-08-23T23:05:00Z,x,2\n");

        var error = await Assert.ThrowsAsync<ReplayFormatException>(() => LinesAsync(path));

        Assert.StartsWith($"{path}, line 4: t 'x'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_office_building_is_read_whole()
    {
        await using var file = await ReplayFile.OpenAsync(
            TestEnvironment.RequireData("sensors/office-building.csv.gz"), new ReplayOptions(), _token);
        var (rows, last, sensors) = (0, long.MinValue, new HashSet<uint>());
        while (await file.AdvanceAsync(skipBad: false, _token))
        {
            rows++;
            Assert.True(file.Row.EventMs >= last, "not in time order");
            last = file.Row.EventMs;
            sensors.Add(file.Row.SensorHash);
        }

        Assert.Equal((326_128, 31), (rows, sensors.Count));
    }

    private async Task<List<string>> LinesAsync(string path, ReplayOptions? options = null)
    {
        await using var file = await ReplayFile.OpenAsync(path, options ?? new ReplayOptions(), _token);
        var lines = new List<string>();
        while (await file.AdvanceAsync(skipBad: false, _token))
        {
            lines.Add(Encoding.UTF8.GetString(file.Row.Line.Span).TrimEnd('\n'));
        }

        return lines;
    }

    private string Write(string content)
    {
        var path = Path.Combine(_folder, "input.txt");
        File.WriteAllText(path, content);
        return path;
    }

    private static string Gzip(string path)
    {
        var packed = path + ".gz";
        using var from = File.OpenRead(path);
        using var to = new GZipStream(File.Create(packed), CompressionLevel.Fastest);
        from.CopyTo(to);
        return packed;
    }

    private async Task<string> WriteParquetAsync(string name)
    {
        var path = Path.Combine(_folder, name);
        var id = new DataField<string>("sensor_id");
        var time = new DateTimeDataField("timestamp", DateTimeFormat.Timestamp, isAdjustedToUTC: true, unit: DateTimeTimeUnit.Millis, isNullable: false);
        var temperature = new DataField<double?>("temperature");
        var count = new DataField<int>("count");
        var ratio = new DataField<float>("ratio");
        var start = new DateTime(2013, 8, 23, 23, 4, 0, DateTimeKind.Utc);
        await using var file = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(id, time, temperature, count, ratio), file, cancellationToken: _token);
        foreach (var (ids, seconds, temperatures, counts, ratios) in new (string[], double[], double?[], int[], float[])[]
        {
            (["a", "b"], [0, 1.5], [23.46, null], [7, 8], [0.1f, 21.4f]),
            (["c"], [2], [1], [9], [0]),
        })
        {
            using var group = writer.CreateRowGroup();
            await group.WriteAsync(id, ids);
            await group.WriteAsync<DateTime>(time, seconds.Select(s => start.AddSeconds(s)).ToArray(), cancellationToken: _token);
            await group.WriteAsync<double>(temperature, temperatures, cancellationToken: _token);
            await group.WriteAsync<int>(count, counts, cancellationToken: _token);
            await group.WriteAsync<float>(ratio, ratios, cancellationToken: _token);
        }

        return path;
    }

    private static string[] Sorted(string line) => [.. line.Trim('{', '}').Split(',').Order(StringComparer.Ordinal)];
}
