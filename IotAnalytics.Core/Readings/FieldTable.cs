using System.Text;

namespace IotAnalytics.Core.Readings;

/// <summary>
/// Finds a field by the UTF-8 bytes of its name. Sensors send their fields in the same order again and again, so the field
/// that followed the previous one last time is tried before the hash table. One per parser: not thread-safe.
/// </summary>
internal sealed class FieldTable
{
    public const int SensorId = 0;
    public const int Timestamp = 1;
    public const int FirstMeasurement = 2;
    public const int MaxNameLength = 63;

    private readonly byte[][] _names;
    private readonly int[] _slots;
    private readonly int[] _followers;

    public FieldTable(ProfileCatalog catalog)
    {
        Names = ["sensor_id", "timestamp", .. catalog.Measurements.Select(m => m.Name)];
        _names = [.. Names.Select(Encoding.UTF8.GetBytes)];
        _followers = new int[_names.Length];
        _slots = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)_names.Length * 4)];
        Array.Fill(_slots, -1);
        for (var field = 0; field < _names.Length; field++)
        {
            var slot = Hash(_names[field]);
            while (_slots[slot & (_slots.Length - 1)] >= 0)
            {
                slot++;
            }

            _slots[slot & (_slots.Length - 1)] = field;
        }
    }

    /// <summary>The names by field: the two fixed ones, then the measurements in the order of the catalog's columns.</summary>
    public string[] Names { get; }

    /// <summary>The field with this name, or -1.</summary>
    /// <param name="previous">The field found before in the same item; at its beginning any field.</param>
    public int Find(ReadOnlySpan<byte> name, int previous)
    {
        var guess = _followers[previous];
        if (name.SequenceEqual(_names[guess]))
        {
            return guess;
        }

        var found = Search(name);
        if (found >= 0)
        {
            _followers[previous] = found;
        }

        return found;
    }

    private int Search(ReadOnlySpan<byte> name)
    {
        if (name.Length > MaxNameLength)
        {
            return -1;
        }

        for (var slot = Hash(name); ; slot++)
        {
            var field = _slots[slot & (_slots.Length - 1)];
            if (field < 0 || name.SequenceEqual(_names[field]))
            {
                return field;
            }
        }
    }

    private static int Hash(ReadOnlySpan<byte> name)
    {
        var hash = (uint)name.Length;
        foreach (var b in name)
        {
            hash = hash * 31 + b;
        }

        return (int)((hash ^ (hash >> 15)) & 0x3FFF_FFFF);
    }
}
