namespace IotAnalytics.Core.Modeling.Registry;

/// <summary>A change of an alias, as the history has it.</summary>
/// <param name="Alias"><see cref="Champion"/> or <see cref="Shadow"/>.</param>
/// <param name="Version">What the alias means from then on; null: nothing.</param>
/// <param name="Previous">What it meant before.</param>
/// <param name="Share">Of the A/B split, for a shadow.</param>
internal sealed record AliasChange(string Alias, string? Version, string? Previous, double Share)
{
    public const string Champion = "champion";
    public const string Shadow = "shadow";
}
