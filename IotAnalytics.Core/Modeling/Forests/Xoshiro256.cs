using System.Numerics;

namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>
/// xoshiro256** 1.0 (Blackman and Vigna 2018), its state filled by SplitMix64 from a seed and a stream number. Written out here so that
/// a seed gives the same model with every version of .NET: neither the sequence nor the derived draws may ever change.
/// </summary>
internal struct Xoshiro256
{
    private ulong _s0, _s1, _s2, _s3;

    /// <param name="seed">The seed of the whole training.</param>
    /// <param name="stream">Tells the streams of one seed apart: a tree each, so that trees can be grown in any order.</param>
    public Xoshiro256(long seed, long stream)
    {
        var state = Mix(unchecked((ulong)seed + Golden)) ^ Mix(unchecked((ulong)stream * Golden + 1));
        _s0 = Mix(unchecked(state += Golden));
        _s1 = Mix(unchecked(state += Golden));
        _s2 = Mix(unchecked(state += Golden));
        _s3 = Mix(unchecked(state + Golden));
    }

    private const ulong Golden = 0x9E3779B97F4A7C15;

    public ulong Next()
    {
        unchecked
        {
            var result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
            var t = _s1 << 17;
            _s2 ^= _s0;
            _s3 ^= _s1;
            _s1 ^= _s2;
            _s0 ^= _s3;
            _s2 ^= t;
            _s3 = BitOperations.RotateLeft(_s3, 45);
            return result;
        }
    }

    /// <summary>Uniform in [0, 1), the upper 53 bits.</summary>
    public double NextUniform() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in 0..<paramref name="bound"/>−1, without bias (Lemire 2019: the upper half of a product, redrawn where uneven).</summary>
    /// <param name="bound">1 to 2³¹−1.</param>
    public int NextBelow(int bound)
    {
        var product = (Next() >> 32) * (ulong)bound;
        if ((uint)product < (uint)bound)
        {
            var uneven = unchecked((uint)-bound) % (uint)bound;
            while ((uint)product < uneven)
            {
                product = (Next() >> 32) * (ulong)bound;
            }
        }

        return (int)(product >> 32);
    }

    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
