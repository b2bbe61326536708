namespace IotAnalytics.Core.Readings;

/// <summary>The A/B split: which sensors a shadow decides. By the sensor's id alone, so that hosts and replays agree and a larger share keeps the sensors of a smaller one.</summary>
internal static class SensorSplit
{
    /// <summary>The largest share that a shadow may have.</summary>
    public const double MostShare = 0.5;

    /// <summary>Where the sensor stands in [0, 1): the shadow decides it when this is below the share.</summary>
    public static double PlaceOf(ReadOnlySpan<byte> sensorId)
    {
        // FNV-1a, then the finaliser of MurmurHash3: ids that differ in their last digit only must lie far apart. Not the hash that chose the
        // sensor's partition, or a partition would be all of one side.
        var hash = 14_695_981_039_346_656_037UL;
        foreach (var letter in sensorId)
        {
            hash = (hash ^ letter) * 1_099_511_628_211UL;
        }

        hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdUL;
        hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53UL;
        hash ^= hash >> 33;
        return (hash >> 11) * (1.0 / (1UL << 53));
    }
}
