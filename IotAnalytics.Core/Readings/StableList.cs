namespace IotAnalytics.Core.Readings;

/// <summary>A list to which one thread appends while others read: an entry never moves, so a reader sees every entry below a
/// <see cref="Count"/> that it has read.</summary>
internal sealed class StableList<T>
{
    private const int ChunkBits = 10;
    private const int ChunkSize = 1 << ChunkBits;

    private T[][] _chunks = [];
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public ref T this[int index] => ref Volatile.Read(ref _chunks)[index >> ChunkBits][index & (ChunkSize - 1)];

    public void Add(T entry)
    {
        var index = _count;
        if (index >> ChunkBits == _chunks.Length)
        {
            Volatile.Write(ref _chunks, [.. _chunks, new T[ChunkSize]]);
        }

        _chunks[index >> ChunkBits][index & (ChunkSize - 1)] = entry;
        Volatile.Write(ref _count, index + 1);
    }
}
