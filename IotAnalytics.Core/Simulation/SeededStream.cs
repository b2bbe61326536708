namespace IotAnalytics.Core.Simulation;

/// <summary>SplitMix64 (Steele, Lea, Flood 2014): eight bytes of state, so that each of a million sensors has its own stream.</summary>
internal struct SeededStream
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private ulong _state;

    /// <param name="seed">The seed of the whole run.</param>
    /// <param name="stream">Tells streams of one seed apart.</param>
    public SeededStream(long seed, long stream) => _state = Mix(unchecked((ulong)seed + Golden)) ^ Mix(unchecked((ulong)stream * Golden + 1));

    public ulong Next() => Mix(unchecked(_state += Golden));

    /// <summary>Uniform in [0, 1).</summary>
    public double NextUniform() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [low, high).</summary>
    public double NextBetween(double low, double high) => low + (high - low) * NextUniform();

    /// <summary>Near-normal with mean 0 and deviation 1, never beyond ±3.47: the sum of four 16-bit uniforms (Irwin-Hall), scaled.</summary>
    public double NextBell()
    {
        var bits = Next();
        var sum = (bits & 0xFFFF) + ((bits >> 16) & 0xFFFF) + ((bits >> 32) & 0xFFFF) + (bits >> 48);
        // Four uniforms on 0..65,535 have mean 131,070 and variance 4 · 65,536² / 12.
        return (sum - 131_070.0) * (1.732050807568877 / 65_536.0);
    }

    private static ulong Mix(ulong z)
    {
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return z ^ (z >> 31);
    }
}
