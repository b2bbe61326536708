namespace IotAnalytics.Core.Modeling.SelfChecks;

/// <summary>How a model is, as of a moment.</summary>
/// <param name="Name">The model's name, which is its profile's.</param>
/// <param name="Champion">Null: none.</param>
/// <param name="ChampionSince">Since when it has been the champion, UTC.</param>
/// <param name="Age">Since the champion was made.</param>
/// <param name="AlarmRate">Of the champion; null while nothing was scored since it became that.</param>
/// <param name="Findings">In the order of <see cref="ModelCheck.All"/>.</param>
internal sealed record ModelStatus(string Name, string? Champion, DateTime? ChampionSince, TimeSpan? Age, AlarmRate? AlarmRate, IReadOnlyList<ModelFinding> Findings)
{
    /// <summary>The worst finding's check, or <see cref="ModelCheck.Ok"/>.</summary>
    public string State => Findings.Count == 0 ? ModelCheck.Ok : Findings[0].Check;
}

/// <summary>A check that failed.</summary>
/// <param name="Check">One of <see cref="ModelCheck.All"/>.</param>
/// <param name="Message">With the figures, for people.</param>
internal sealed record ModelFinding(string Check, string Message);
