using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace IotAnalytics.Core.Readings;

/// <summary>
/// The saved form of a <see cref="SensorTable"/>, version 2. Integers and floats are little-endian; a text is its length in one byte, then UTF-8.
/// <code>
/// offset  size  content
///      0     8  magic "IOTSENS" and a line feed
///      8     4  version (2; version 1 is without the features' lines)
///     12     4  P, number of profiles
///     16     4  N, number of sensors
///     20     8  L, length of the whole file with the checksum
///     28        P profiles: text name · u16 number of measurements M · M texts, the names in the profile's order
///                 u64 XxHash3-64 of the features' plan text · i32 number F of numbers that they remember of a sensor
///               N sensors, in the order in which they came:
///                 text id · u16 profile · i64 readings so far · i64 newest event time (Unix ms)
///                 min(readings, 8) recent readings, oldest first: i64 event time · u64 hash of the values
///                 M measurements: f64 last value (NaN: none) · i64 event time since which it is the value · i32 readings with it
///                 F numbers f64 that the features remember
///    L-8     8  XxHash3-64 of everything before
/// </code>
/// Profiles and measurements are found again by name: a measurement that the catalog has no longer is dropped, a new one starts empty, and the
/// sensors of a vanished profile are left out. Where the features of a profile have changed, its sensors' features begin anew. Database keys are not saved. The same state gives the same bytes.
/// A change of the layout raises the version; older versions stay readable.
/// </summary>
internal static class SensorTableFile
{
    internal const int Version = 2;
    private const int VersionWithoutFeatures = 1;
    private const int HeaderLength = 28;
    private const int ChecksumLength = 8;

    private static ReadOnlySpan<byte> Magic => "IOTSENS\n"u8;

    public static void Write(SensorTable table, Stream stream)
    {
        var bytes = new byte[Length(table)];
        var writer = new Writer(bytes);
        writer.Bytes(Magic);
        writer.Int32(Version);
        writer.Int32(table.Catalog.Profiles.Length);
        writer.Int32(table.Count);
        writer.Int64(bytes.Length);
        for (var i = 0; i < table.Catalog.Profiles.Length; i++)
        {
            var profile = table.Catalog.Profiles[i];
            writer.Text(Encoding.UTF8.GetBytes(profile.Name));
            writer.UInt16((ushort)profile.Measurements.Length);
            foreach (var measurement in profile.Measurements)
            {
                writer.Text(Encoding.UTF8.GetBytes(measurement.Name));
            }

            writer.Int64(FeatureHash(table.Catalog, i));
            writer.Int32(table.Catalog.FeaturesOf(i).StateSlots);
        }

        for (var sensor = 0; sensor < table.Count; sensor++)
        {
            WriteSensor(ref writer, table, sensor);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(^ChecksumLength..), XxHash3.HashToUInt64(bytes.AsSpan(..^ChecksumLength)));
        stream.Write(bytes);
    }

    public static SensorTable Read(Stream stream, ProfileCatalog catalog)
    {
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        var bytes = copy.GetBuffer().AsSpan(0, (int)copy.Length);
        Check(bytes);
        var withFeatures = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]) > VersionWithoutFeatures;
        var reader = new Reader(bytes[12..^ChecksumLength]);
        var profiles = new SavedProfile[reader.Int32()];
        var sensors = reader.Int32();
        reader.Int64();
        for (var i = 0; i < profiles.Length; i++)
        {
            profiles[i] = ReadProfile(ref reader, catalog, withFeatures);
        }

        var table = new SensorTable(catalog);
        for (var i = 0; i < sensors; i++)
        {
            ReadSensor(ref reader, table, profiles);
        }

        return table;
    }

    private static void WriteSensor(ref Writer writer, SensorTable table, int sensor)
    {
        ref readonly var state = ref table.StateOf(sensor);
        writer.Text(table.IdBytesOf(sensor));
        writer.UInt16((ushort)state.Profile);
        writer.Int64(state.Readings);
        writer.Int64(state.NewestMs);
        var recent = table.RecentOf(sensor);
        for (var reading = Math.Max(0, state.Readings - SensorTable.RecentReadings); reading < state.Readings; reading++)
        {
            ref readonly var entry = ref recent[(int)(reading % SensorTable.RecentReadings)];
            writer.Int64(entry.EventMs);
            writer.Int64((long)entry.ValuesHash);
        }

        foreach (ref readonly var measurement in table.MeasurementsOf(sensor))
        {
            writer.Int64(BitConverter.DoubleToInt64Bits(measurement.Value));
            writer.Int64(measurement.SinceMs);
            writer.Int32(measurement.Readings);
        }

        foreach (var number in table.FeatureStateOf(sensor))
        {
            writer.Int64(BitConverter.DoubleToInt64Bits(number));
        }
    }

    private static void ReadSensor(ref Reader reader, SensorTable table, SavedProfile[] profiles)
    {
        var id = reader.Text();
        var profile = profiles[reader.UInt16()];
        var readings = reader.Int64();
        var newest = reader.Int64();
        var sensor = profile.Index < 0 ? -1 : table.Add(id, profile.Index);
        if (sensor >= 0)
        {
            table.StateOf(sensor).Readings = readings;
            table.StateOf(sensor).NewestMs = newest;
        }

        for (var reading = Math.Max(0, readings - SensorTable.RecentReadings); reading < readings; reading++)
        {
            var entry = new RecentReading { EventMs = reader.Int64(), ValuesHash = (ulong)reader.Int64() };
            if (sensor >= 0)
            {
                table.RecentOf(sensor)[(int)(reading % SensorTable.RecentReadings)] = entry;
            }
        }

        foreach (var place in profile.Measurements)
        {
            var measurement = new MeasurementState { Value = BitConverter.Int64BitsToDouble(reader.Int64()), SinceMs = reader.Int64(), Readings = reader.Int32() };
            if (sensor >= 0 && place >= 0)
            {
                table.MeasurementsOf(sensor)[place] = measurement;
            }
        }

        for (var i = 0; i < profile.FeatureSlots; i++)
        {
            var number = BitConverter.Int64BitsToDouble(reader.Int64());
            if (sensor >= 0 && profile.FeaturesFit)
            {
                table.FeatureStateOf(sensor)[i] = number;
            }
        }
    }

    private static long FeatureHash(ProfileCatalog catalog, int profile) =>
        (long)XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(catalog.FeaturesOf(profile).PlanText));

    private static SavedProfile ReadProfile(ref Reader reader, ProfileCatalog catalog, bool withFeatures)
    {
        var index = catalog.IndexOf(Encoding.UTF8.GetString(reader.Text()));
        var places = new int[reader.UInt16()];
        for (var i = 0; i < places.Length; i++)
        {
            var name = Encoding.UTF8.GetString(reader.Text());
            places[i] = index < 0 ? -1 : Place(catalog.Profiles[index], name);
        }

        if (!withFeatures)
        {
            return new SavedProfile(index, places, 0, false);
        }

        var hash = reader.Int64();
        var slots = reader.Int32();
        return new SavedProfile(index, places, slots, index >= 0 && hash == FeatureHash(catalog, index) && slots == catalog.FeaturesOf(index).StateSlots);
    }

    private static int Place(SensorProfile profile, string measurement)
    {
        for (var i = 0; i < profile.Measurements.Length; i++)
        {
            if (profile.Measurements[i].Name == measurement)
            {
                return i;
            }
        }

        return -1;
    }

    private static void Check(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderLength + ChecksumLength || !bytes.StartsWith(Magic))
        {
            throw new InvalidDataException($"The saved sensor state is damaged: {bytes.Length} bytes without the header of one.");
        }

        // Before the checksum: a newer version may check itself in another way.
        var version = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        if (version > Version)
        {
            throw new InvalidDataException($"The saved sensor state has version {version}; this program reads up to {Version}. Use the newer program.");
        }

        var length = BinaryPrimitives.ReadInt64LittleEndian(bytes[20..]);
        if (length != bytes.Length)
        {
            throw new InvalidDataException($"The saved sensor state is torn: {bytes.Length} bytes of {length}.");
        }

        if (XxHash3.HashToUInt64(bytes[..^ChecksumLength]) != BinaryPrimitives.ReadUInt64LittleEndian(bytes[^ChecksumLength..]))
        {
            throw new InvalidDataException("The saved sensor state is damaged: its checksum does not match.");
        }
    }

    private static long Length(SensorTable table)
    {
        long length = HeaderLength + ChecksumLength;
        foreach (var profile in table.Catalog.Profiles)
        {
            length += 1 + Encoding.UTF8.GetByteCount(profile.Name) + 2 + 8 + 4 + profile.Measurements.Sum(m => 1 + Encoding.UTF8.GetByteCount(m.Name));
        }

        for (var sensor = 0; sensor < table.Count; sensor++)
        {
            length += 1 + table.IdBytesOf(sensor).Length + 2 + 8 + 8
                + 16 * Math.Min(table.StateOf(sensor).Readings, SensorTable.RecentReadings)
                + 20 * table.MeasurementsOf(sensor).Length
                + 8 * table.FeatureStateOf(sensor).Length;
        }

        return length;
    }

    // Index in the catalog, and for each saved measurement its place in the profile; -1: not there any more.
    private sealed record SavedProfile(int Index, int[] Measurements, int FeatureSlots, bool FeaturesFit);

    private ref struct Writer(Span<byte> bytes)
    {
        private Span<byte> _rest = bytes;

        public void Bytes(ReadOnlySpan<byte> value)
        {
            value.CopyTo(_rest);
            _rest = _rest[value.Length..];
        }

        public void Text(ReadOnlySpan<byte> value)
        {
            _rest[0] = checked((byte)value.Length);
            _rest = _rest[1..];
            Bytes(value);
        }

        public void UInt16(ushort value)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(_rest, value);
            _rest = _rest[2..];
        }

        public void Int32(int value)
        {
            BinaryPrimitives.WriteInt32LittleEndian(_rest, value);
            _rest = _rest[4..];
        }

        public void Int64(long value)
        {
            BinaryPrimitives.WriteInt64LittleEndian(_rest, value);
            _rest = _rest[8..];
        }
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public ReadOnlySpan<byte> Text()
        {
            var text = _rest.Slice(1, _rest[0]);
            _rest = _rest[(1 + text.Length)..];
            return text;
        }

        public ushort UInt16()
        {
            var value = BinaryPrimitives.ReadUInt16LittleEndian(_rest);
            _rest = _rest[2..];
            return value;
        }

        public int Int32()
        {
            var value = BinaryPrimitives.ReadInt32LittleEndian(_rest);
            _rest = _rest[4..];
            return value;
        }

        public long Int64()
        {
            var value = BinaryPrimitives.ReadInt64LittleEndian(_rest);
            _rest = _rest[8..];
            return value;
        }
    }
}
