using System.Text;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Simulation;

/// <summary>A measurement with its bands filled in and its decimals chosen.</summary>
internal sealed class SimulatedMeasurement
{
    public SimulatedMeasurement(MeasurementDefinition definition)
    {
        Normal = definition.NormalBand;
        Anomalous = definition.AnomalousBand;
        Decimals = DecimalsFor(Normal.High - Normal.Low);
        Scale = Math.Pow(10, Decimals);
        JsonName = Encoding.UTF8.GetBytes($",\"{definition.Name}\":");
    }

    public ValueBand Normal { get; }
    public ValueBand Anomalous { get; }

    /// <summary>Decimals sent: a thousandth of the Normal band or finer, as a real sensor's resolution would be. 2 for a band of 10 degrees.</summary>
    public int Decimals { get; }

    /// <summary>10 to the power of <see cref="Decimals"/>.</summary>
    public double Scale { get; }

    /// <summary>Comma, quoted name, colon.</summary>
    public byte[] JsonName { get; }

    public double Width => Normal.High - Normal.Low;
    public double Middle => (Normal.Low + Normal.High) / 2;
    public double AnomalousMiddle => (Anomalous.Low + Anomalous.High) / 2;

    /// <summary>The value that the payload carries.</summary>
    public double Round(double value) => Math.Round(value * Scale) / Scale;

    private static int DecimalsFor(double width) =>
        width > 0 ? Math.Clamp(3 - (int)Math.Floor(Math.Log10(width)), 0, 9) : 3;
}
