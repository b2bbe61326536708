using System.Buffers.Binary;

namespace IotAnalytics.Core.CommitLog;

/// <summary>Which partition a sensor belongs to.</summary>
public static class Partitioner
{
    private const uint Seed = 0x9747b28c;
    private const uint M = 0x5bd1e995;

    /// <summary>The partition of a key, as Kafka's default partitioner has it: <c>(murmur2(key) &amp; 0x7fffffff) % partitions</c>
    /// (org.apache.kafka.common.utils.Utils.murmur2, MurmurHash2 of 32 bits by Austin Appleby).</summary>
    /// <param name="key">The sensor id's UTF-8 bytes.</param>
    /// <param name="partitions">At least 1.</param>
    public static int Murmur2(ReadOnlySpan<byte> key, int partitions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        return (int)(Hash(key) & 0x7fffffff) % partitions;
    }

    internal static uint Hash(ReadOnlySpan<byte> key)
    {
        var h = Seed ^ (uint)key.Length;
        while (key.Length >= 4)
        {
            var k = BinaryPrimitives.ReadUInt32LittleEndian(key) * M;
            k = (k ^ (k >> 24)) * M;
            h = (h * M) ^ k;
            key = key[4..];
        }

        switch (key.Length)
        {
            case 3:
                h = (h ^ ((uint)key[2] << 16) ^ ((uint)key[1] << 8) ^ key[0]) * M;
                break;
            case 2:
                h = (h ^ ((uint)key[1] << 8) ^ key[0]) * M;
                break;
            case 1:
                h = (h ^ key[0]) * M;
                break;
        }

        h = (h ^ (h >> 13)) * M;
        return h ^ (h >> 15);
    }
}
