using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>A model and what it says of a period and of the faults put into it.</summary>
/// <param name="Scores">One per row of the period; NaN where it would not score.</param>
/// <param name="FaultScores">One per reading of a fault.</param>
internal sealed record GateModel(ModelSnapshot Model, double[] Scores, double[] FaultScores)
{
    public static GateModel Of(ModelSnapshot model, ReplayedPeriod period, InjectedFaults faults) => new(model, period.Score(model), faults.Score(model));
}
