using System.IO.Hashing;
using System.Numerics;
using System.Text;

namespace IotAnalytics.Core.Readings;

/// <summary>
/// The sensors of a partition by their id's bytes, and what is remembered of each. Open addressing with linear probing; no string is made
/// but once per sensor. Sensors report in turn, so the sensor that followed the previous one last time is tried first.
/// One worker changes it; <see cref="Count"/>, <see cref="IdOf"/>, <see cref="ProfileOf"/>, <see cref="KeyOf"/> and <see cref="SetKey"/>
/// are safe beside it for sensors below a count that was read.
/// </summary>
internal sealed class SensorTable(ProfileCatalog catalog)
{
    internal const int RecentReadings = 8;

    private readonly StableList<string> _ids = new();
    private readonly StableList<int> _profiles = new();
    private readonly StableList<int> _keys = new();
    private int[] _slots = new int[64];
    private Entry[] _entries = new Entry[16];
    private SensorState[] _states = new SensorState[16];
    private RecentReading[] _recent = new RecentReading[16 * RecentReadings];
    private byte[] _idBytes = new byte[256];
    private MeasurementState[] _measurements = new MeasurementState[32];
    private double[] _featureSlots = [];
    private int _idByteCount;
    private int _measurementCount;
    private int _featureSlotCount;
    private int _previous;

    /// <summary>Number of sensors; their indexes are 0 to this - 1 and never change.</summary>
    public int Count => _ids.Count;

    internal ProfileCatalog Catalog => catalog;

    /// <summary>The sensor's id.</summary>
    public string IdOf(int sensor) => _ids[sensor];

    /// <summary>Index of the sensor's profile in the catalog.</summary>
    public int ProfileOf(int sensor) => _profiles[sensor];

    /// <summary>The sensor's key in the database, 0 while unknown. Never saved.</summary>
    public int KeyOf(int sensor) => _keys[sensor];

    public void SetKey(int sensor, int key) => _keys[sensor] = key;

    /// <summary>Writes the state in the format of <see cref="SensorTableFile"/>.</summary>
    public void Save(Stream stream) => SensorTableFile.Write(this, stream);

    /// <summary>Reads what <see cref="Save"/> wrote. Sensors of a profile that the catalog lacks are left out: they are bound anew.</summary>
    /// <exception cref="InvalidDataException">Torn, damaged, or written by a newer version; the message says which.</exception>
    public static SensorTable Load(Stream stream, ProfileCatalog catalog) => SensorTableFile.Read(stream, catalog);

    /// <summary>The sensor with this id, or -1.</summary>
    internal int Find(ReadOnlySpan<byte> id)
    {
        if (Count == 0)
        {
            return -1;
        }

        var guess = _entries[_previous].Follower;
        if (!IdBytesOf(guess).SequenceEqual(id))
        {
            guess = Search(id, XxHash3.HashToUInt64(id));
            if (guess < 0)
            {
                return -1;
            }

            _entries[_previous].Follower = guess;
        }

        _previous = guess;
        return guess;
    }

    /// <summary>Adds a sensor that <see cref="Find"/> did not find.</summary>
    internal int Add(ReadOnlySpan<byte> id, int profile)
    {
        var sensor = Count;
        if (sensor == _entries.Length)
        {
            Array.Resize(ref _entries, sensor * 2);
            Array.Resize(ref _states, sensor * 2);
            Array.Resize(ref _recent, sensor * 2 * RecentReadings);
        }

        Reserve(ref _idBytes, _idByteCount + id.Length);
        id.CopyTo(_idBytes.AsSpan(_idByteCount));
        var measurements = catalog.ProfileColumns[profile].Length;
        Reserve(ref _measurements, _measurementCount + measurements);
        _measurements.AsSpan(_measurementCount, measurements).Fill(new MeasurementState { Value = double.NaN });

        var slots = catalog.FeaturesOf(profile).StateSlots;
        Reserve(ref _featureSlots, _featureSlotCount + slots);

        var hash = XxHash3.HashToUInt64(id);
        _entries[sensor] = new Entry { Hash = hash, IdStart = _idByteCount, IdLength = id.Length, Follower = sensor };
        _states[sensor] = new SensorState { NewestMs = long.MinValue, Profile = profile, FirstMeasurement = _measurementCount, FirstFeatureSlot = _featureSlotCount };
        _idByteCount += id.Length;
        _measurementCount += measurements;
        _featureSlotCount += slots;
        Insert(sensor, hash);
        _profiles.Add(profile);
        _keys.Add(0);
        // Last: its count is the table's.
        _ids.Add(Encoding.ASCII.GetString(id));
        return sensor;
    }

    internal ReadOnlySpan<byte> IdBytesOf(int sensor) => _idBytes.AsSpan(_entries[sensor].IdStart, _entries[sensor].IdLength);

    /// <summary>Valid until the next sensor is added, as are the spans below.</summary>
    internal ref SensorState StateOf(int sensor) => ref _states[sensor];

    /// <summary>The ring of the last readings; <see cref="SensorState.Readings"/> says how much of it is filled.</summary>
    internal Span<RecentReading> RecentOf(int sensor) => _recent.AsSpan(sensor * RecentReadings, RecentReadings);

    /// <summary>One for each measurement of the sensor's profile.</summary>
    internal Span<MeasurementState> MeasurementsOf(int sensor)
    {
        ref readonly var state = ref _states[sensor];
        return _measurements.AsSpan(state.FirstMeasurement, catalog.ProfileColumns[state.Profile].Length);
    }

    /// <summary>The numbers that the sensor's features remember, zeros at first.</summary>
    internal Span<double> FeatureStateOf(int sensor)
    {
        ref readonly var state = ref _states[sensor];
        return _featureSlots.AsSpan(state.FirstFeatureSlot, catalog.FeaturesOf(state.Profile).StateSlots);
    }

    private int Search(ReadOnlySpan<byte> id, ulong hash)
    {
        for (var slot = (int)hash; ; slot++)
        {
            var sensor = _slots[slot & (_slots.Length - 1)] - 1;
            if (sensor < 0 || (_entries[sensor].Hash == hash && IdBytesOf(sensor).SequenceEqual(id)))
            {
                return sensor;
            }
        }
    }

    private void Insert(int sensor, ulong hash)
    {
        // At most half full, so that a search ends soon.
        if ((sensor + 1) * 2 > _slots.Length)
        {
            _slots = new int[_slots.Length * 2];
            for (var i = 0; i < sensor; i++)
            {
                Place(i, _entries[i].Hash);
            }
        }

        Place(sensor, hash);
    }

    private void Place(int sensor, ulong hash)
    {
        var slot = (int)hash;
        while (_slots[slot & (_slots.Length - 1)] != 0)
        {
            slot++;
        }

        _slots[slot & (_slots.Length - 1)] = sensor + 1;
    }

    private static void Reserve<T>(ref T[] array, int length)
    {
        if (length > array.Length)
        {
            Array.Resize(ref array, (int)BitOperations.RoundUpToPowerOf2((uint)length));
        }
    }

    private struct Entry
    {
        public ulong Hash;
        public int IdStart;
        public int IdLength;
        public int Follower;
    }
}
