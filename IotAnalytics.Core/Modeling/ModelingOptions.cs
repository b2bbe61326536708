using System.ComponentModel.DataAnnotations;

namespace IotAnalytics.Core.Modeling;

/// <summary>Section <c>Modeling</c>.</summary>
internal sealed class ModelingOptions
{
    public const string Section = "Modeling";

    /// <summary>Seed of the bootstrap models, 0 to 2,147,483,647. Default 42. Used only when a profile has no model yet.</summary>
    [Range(0, int.MaxValue)]
    public int BootstrapSeed { get; set; } = 42;
}
