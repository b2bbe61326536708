using System.Buffers.Binary;

namespace IotAnalytics.Core.Modeling.Detectors;

/// <summary>Arrays of numbers within a model file, checked.</summary>
internal static class DetectorNumbers
{
    public static float[] Finite(ref ModelFileReader section, long count, string what)
    {
        // The bytes are asked for first: an absurd count fails there, before anything is allocated.
        var bytes = section.Bytes(count * sizeof(float));
        var numbers = new float[count];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * sizeof(float))..]);
        }

        return Array.TrueForAll(numbers, float.IsFinite) ? numbers : throw new ModelFileException($"The model file has a {what} that is not finite.");
    }

    public static float[] Positive(ref ModelFileReader section, long count, string what)
    {
        var numbers = Finite(ref section, count, what);
        return Array.TrueForAll(numbers, n => n > 0) ? numbers : throw new ModelFileException($"The model file has a {what} that is not above 0.");
    }

    public static double Limit(ref ModelFileReader section, string what) =>
        section.FiniteDouble() is > 0 and var limit ? limit : throw new ModelFileException($"The model file has a {what} that is not above 0.");
}
