using System.Globalization;
using System.IO.Hashing;
using System.Text;
using IotAnalytics.Core.Readings;
using static IotAnalytics.Tests.Readings.Parsing;

namespace IotAnalytics.Tests.Readings;

public class SensorTableTests
{
    [Fact]
    public void Thousands_of_sensors_keep_their_index_id_profile_and_key()
    {
        var table = new SensorTable(Climate);
        for (var i = 0; i < 5_000; i++)
        {
            var id = Encoding.ASCII.GetBytes($"plant/sensor-{i}");
            Assert.Equal(-1, table.Find(id));
            Assert.Equal(i, table.Add(id, 0));
            table.SetKey(i, i + 7);
        }

        Assert.Equal(5_000, table.Count);
        for (var i = 4_999; i >= 0; i--)
        {
            Assert.Equal(i, table.Find(Encoding.ASCII.GetBytes($"plant/sensor-{i}")));
            Assert.Equal((string.Create(CultureInfo.InvariantCulture, $"plant/sensor-{i}"), 0, i + 7), (table.IdOf(i), table.ProfileOf(i), table.KeyOf(i)));
        }

        Assert.Equal(-1, table.Find("plant/sensor-"u8));
        Assert.Equal(-1, table.Find("plant/sensor-5000"u8));
    }

    [Fact]
    public async Task Others_may_read_while_the_worker_adds()
    {
        var table = new SensorTable(Climate);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var reader = Task.Run(
            () =>
            {
                var reads = 0;
                do
                {
                    var count = table.Count;
                    for (var i = 0; i < count; i++, reads++)
                    {
                        Assert.Equal($"s{i}", table.IdOf(i));
                        Assert.Equal(0, table.ProfileOf(i));
                        table.SetKey(i, i + 1);
                    }
                }
                while (!stop.IsCancellationRequested || table.Count > 0 && table.KeyOf(table.Count - 1) == 0);

                return reads;
            },
            TestContext.Current.CancellationToken);
        for (var i = 0; i < 20_000; i++)
        {
            table.Add(Encoding.ASCII.GetBytes($"s{i}"), 0);
        }

        await stop.CancelAsync();
        Assert.True(await reader > 0);
        Assert.All(Enumerable.Range(0, 20_000), i => Assert.Equal(i + 1, table.KeyOf(i)));
    }

    [Fact]
    public void A_saved_table_goes_on_as_if_never_saved()
    {
        var items = new ItemGenerator(9, ["temperature", "humidity"]);
        var validator = new ReadingValidator(Climate, Rules);
        var table = new SensorTable(Climate);
        for (var round = 0; round < 50; round++)
        {
            var lines = string.Join('\n', Enumerable.Range(0, 100).Select(_ => items.Next()));
            var loaded = SensorTable.Load(new MemoryStream(Save(table)), Climate);
            Assert.Equal(Save(table), Save(loaded));
            Assert.All(Enumerable.Range(0, loaded.Count), i => Assert.Equal((table.IdOf(i), 0), (loaded.IdOf(i), loaded.KeyOf(i))));
            var first = Parse(lines);
            var second = Parse(lines);
            validator.Validate(first, table);
            validator.Validate(second, loaded);
            Assert.Equal(first.Flags, second.Flags);
            Assert.Equal(first.Sensor, second.Sensor);
            Assert.Equal(Save(table), Save(loaded));
            table = loaded;
        }

        Assert.True(table.Count > 50);
    }

    [Fact]
    public void State_is_found_again_by_name_when_profiles_change()
    {
        var old = new ProfileCatalog([Profile("gone", "g"), Profile("kept", "x", "y")]);
        var table = new SensorTable(old);
        var batch = Parse(Records("""{"sensor_id":"g","timestamp":1767225600000,"g":1}{"sensor_id":"k","timestamp":1767225600000,"x":1,"y":2}"""), old);
        new ReadingValidator(old, Rules).Validate(batch, table);
        var now = new ProfileCatalog([Profile("added", "a"), Profile("kept", "z", "y"), Profile("other", "x")]);

        var loaded = SensorTable.Load(new MemoryStream(Save(table)), now);

        Assert.Equal(1, loaded.Count);
        Assert.Equal(("k", now.IndexOf("kept")), (loaded.IdOf(0), loaded.ProfileOf(0)));
        Assert.Equal(1, loaded.StateOf(0).Readings);
        Assert.Equal([double.NaN, 2], loaded.MeasurementsOf(0).ToArray().Select(m => m.Value));
    }

    [Fact]
    public void Every_torn_or_flipped_file_is_refused()
    {
        var table = new SensorTable(Climate);
        new ReadingValidator(Climate, Rules).Validate(Parse("""{"sensor_id":"s","timestamp":1767225600000,"temperature":1,"humidity":2}"""), table);
        var bytes = Save(table);

        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => SensorTable.Load(new MemoryStream(bytes[..length]), Climate));
        }

        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            byte[] flipped = [.. bytes];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<InvalidDataException>(() => SensorTable.Load(new MemoryStream(flipped), Climate));
        }

        Assert.Throws<InvalidDataException>(() => SensorTable.Load(new MemoryStream([.. bytes, 0]), Climate));
    }

    [Fact]
    public void A_newer_version_is_refused_by_name()
    {
        var bytes = Save(new SensorTable(Climate));
        bytes[8] = 3;
        BitConverter.TryWriteBytes(bytes.AsSpan(^8..), XxHash3.HashToUInt64(bytes.AsSpan(..^8)));

        var error = Assert.Throws<InvalidDataException>(() => SensorTable.Load(new MemoryStream(bytes), Climate));

        Assert.Equal("The saved sensor state has version 3; this program reads up to 2. Use the newer program.", error.Message);
    }

    [Fact]
    public void Version_1_stays_readable()
    {
        var table = SensorTable.Load(new MemoryStream(Convert.FromBase64String(GoldenSensorTable.Base64)), Climate);

        Assert.Equal(2, table.Count);
        Assert.Equal(("sensor_001", "plant/2"), (table.IdOf(0), table.IdOf(1)));
        Assert.Equal((10, Now + 9_000), (table.StateOf(0).Readings, table.StateOf(0).NewestMs));
        Assert.Equal([51.5, 29], table.MeasurementsOf(0).ToArray().Select(m => m.Value));
        Assert.Equal([10, 1], table.MeasurementsOf(0).ToArray().Select(m => m.Readings));
        Assert.Equal([Now, Now + 9_000], table.MeasurementsOf(0).ToArray().Select(m => m.SinceMs));
        var again = Parse("""{"sensor_id":"sensor_001","timestamp":1767225602000,"temperature":22,"humidity":51.5}{"sensor_id":"sensor_001","timestamp":1767225601000,"temperature":21,"humidity":51.5}""");
        new ReadingValidator(Climate, Rules).Validate(again, table);
        Assert.Equal([RowOutcome.Duplicate, RowOutcome.Normal], again.Outcome.Take(2));
    }

    private static byte[] Save(SensorTable table)
    {
        using var stream = new MemoryStream();
        table.Save(stream);
        return stream.ToArray();
    }
}
