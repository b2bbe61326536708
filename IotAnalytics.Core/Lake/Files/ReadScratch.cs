namespace IotAnalytics.Core.Lake.Files;

/// <summary>Arrays that a reader needs beside the buffer, kept from one row group to the next. One user at a time.</summary>
internal sealed class ReadScratch
{
    private int[] _levels = [];
    private double[] _doubles = [];
    private DateTime[] _times = [];
    private ReadOnlyMemory<char>[] _texts = [];
    private ReadOnlyMemory<byte>[] _binaries = [];
    private Dictionary<string, string>? _interned;

    /// <summary>Definition levels.</summary>
    public int[] Levels(int rows) => AtLeast(ref _levels, rows);

    public double[] Doubles(int rows) => AtLeast(ref _doubles, rows);

    public DateTime[] Times(int rows) => AtLeast(ref _times, rows);

    public ReadOnlyMemory<char>[] Texts(int rows) => AtLeast(ref _texts, rows);

    public ReadOnlyMemory<byte>[] Binaries(int rows) => AtLeast(ref _binaries, rows);

    /// <summary>One string for equal texts: ids and names repeat from row to row.</summary>
    public string Interned(ReadOnlySpan<char> text)
    {
        _interned ??= new Dictionary<string, string>(StringComparer.Ordinal);
        var lookup = _interned.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(text, out var known))
        {
            known = text.ToString();
            _interned.Add(known, known);
        }

        return known;
    }

    private static T[] AtLeast<T>(ref T[] array, int rows)
    {
        if (array.Length < rows)
        {
            array = new T[Math.Max(rows, array.Length * 2)];
        }

        return array;
    }
}
