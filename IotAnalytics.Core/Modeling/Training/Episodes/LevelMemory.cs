using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IotAnalytics.Core.Modeling.Training.Episodes;

/// <summary>
/// What a model remembers of each sensor beside its own file: where the sensor was when it was first learned from, so that a fault that creeps in over
/// many trainings is still measured from there. JSON in the store.
/// </summary>
/// <param name="Measurements">The profile's, in order.</param>
/// <param name="Sensors">By sensor id, ordered.</param>
internal sealed record LevelMemory(IReadOnlyList<string> Measurements, SortedDictionary<string, SensorMemory> Sensors)
{
    public static LevelMemory Empty(IReadOnlyList<string> measurements) => new(measurements, new SortedDictionary<string, SensorMemory>(StringComparer.Ordinal));

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, LevelMemoryJson.Default.LevelMemory);

    /// <summary>The first half of the SHA-256 of its JSON, lower-case hex.</summary>
    public string Hash() => Convert.ToHexStringLower(SHA256.HashData(ToJson()))[..32];

    /// <exception cref="InvalidDataException">It is none.</exception>
    public static LevelMemory Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var memory = JsonSerializer.Deserialize(json, LevelMemoryJson.Default.LevelMemory) ?? throw new InvalidDataException("The memory of a model is empty.");
            return memory with { Sensors = new SortedDictionary<string, SensorMemory>(memory.Sensors, StringComparer.Ordinal) };
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"The memory of a model cannot be read: {e.Message}", e);
        }
    }
}

/// <summary>What is remembered of one sensor.</summary>
/// <param name="IsSettled">Whether a model has learned from it over most of a window, at this place: what flags it then does not do so because it is new.</param>
/// <param name="Levels">One for each measurement.</param>
internal sealed record SensorMemory(bool IsSettled, IReadOnlyList<SensorLevel> Levels);

/// <summary>Where a sensor was.</summary>
/// <param name="Level">Less what the fleet has moved since the begin of the memory; null: not known yet.</param>
/// <param name="Spread">How far its blocks lie from the fleet's movement by themselves, as a robust standard deviation.</param>
/// <param name="Restlessness">The standard deviation within blocks that people have called usual of it; null: none, the fleet's counts.</param>
internal sealed record SensorLevel(double? Level, double Spread, double? Restlessness = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LevelMemory))]
internal sealed partial class LevelMemoryJson : JsonSerializerContext;
