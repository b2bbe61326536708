using System.IO.Hashing;
using System.Runtime.InteropServices;
using IotAnalytics.Core.Modeling.Forests;

namespace IotAnalytics.Core.Modeling.Training;

/// <summary>
/// The rows that a model is made of. A quarter of a profile's readings may grow it: equally many of each sensor, so that one that reports often does
/// not own the model. The others are the reference for its threshold: evenly drawn from all readings, because the alarm rate that a plant sees is one
/// of readings. Each sensor has a random stream of its own, so that the same readings give the same sample however they lie between one another.
/// </summary>
internal sealed class TrainingSample
{
    /// <summary>Rows of each of the two samples at most.</summary>
    public const int MaxRows = 100_000;

    /// <summary>Bytes of each of the two samples at most, but for <see cref="FewestRows"/>: profiles of a hundred measurements keep fewer rows.</summary>
    private const int MaxBytes = 64 << 20;
    private const int FewestRows = 20_000;

    /// <summary>Of a row beside its features and measurements.</summary>
    private const int RowBytes = 48;

    /// <summary>One in four grows the model.</summary>
    private const ulong GrowingMask = 3;

    private readonly long _seed;
    private readonly RowSample _growing;
    private readonly RowSample _reference;
    private readonly List<Xoshiro256> _random = [];
    private long _sequence;

    public TrainingSample(int features, int measurements, long seed)
    {
        _seed = seed;
        _growing = new RowSample(Capacity(RowBytes + features * sizeof(float)), features, measurements: 0);
        ReferenceCapacity = Capacity(RowBytes + features * sizeof(float) + measurements * sizeof(double));
        _reference = new RowSample(ReferenceCapacity, features, measurements);
        _reference.AddGroup(rank: 0);
    }

    /// <summary>Rows of the reference at most.</summary>
    public int ReferenceCapacity { get; }

    /// <summary>Offers the next row of the read; one that may not be learned from is offered too, so that the lot of the others is the same.</summary>
    public void Offer(ReadingColumns readings, FeatureTable table, int row, bool isExcluded)
    {
        var sensor = readings.Sensor[row];
        while (_random.Count <= sensor)
        {
            var id = unchecked((long)XxHash3.HashToUInt64(MemoryMarshal.AsBytes(readings.Sensors[_random.Count].AsSpan())));
            var random = new Xoshiro256(_seed, id);
            _growing.AddGroup(random.Next());
            _random.Add(random);
        }

        _sequence++;
        var lot = CollectionsMarshal.AsSpan(_random)[sensor].Next();
        if (isExcluded)
        {
            return;
        }

        if ((lot & GrowingMask) == 0)
        {
            _growing.Offer(sensor, lot, readings, table, row, _sequence);
        }
        else
        {
            _reference.Offer(0, lot, readings, table, row, _sequence);
        }
    }

    /// <param name="keep">By sensor and event time, whether a row may be learned from after all.</param>
    public (SampledRows Growing, SampledRows Reference) Take(IReadOnlyList<string> sensors, Func<int, long, bool> keep) =>
        (_growing.Take(sensors, keep), _reference.Take(sensors, keep));

    private static int Capacity(int rowBytes) => Math.Clamp(MaxBytes / rowBytes, FewestRows, MaxRows);
}
