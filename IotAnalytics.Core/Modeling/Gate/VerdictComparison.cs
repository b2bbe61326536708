using System.Collections.Immutable;
using IotAnalytics.Core.Modeling.Training;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>What people said of alarms of the period, and which of those readings each model flags at its own threshold.</summary>
/// <param name="Confirmed">Readings confirmed as anomalous.</param>
/// <param name="Lost">Of those that the champion flags, the ones that the candidate does not, as anomalies are named.</param>
/// <param name="Dismissed">Readings whose alarm was dismissed.</param>
internal sealed record VerdictComparison(
    int Confirmed, int ConfirmedByChampion, int ConfirmedByCandidate, ImmutableArray<string> Lost, int Dismissed, int DismissedByChampion, int DismissedByCandidate)
{
    /// <param name="isConfirmed">Null: no verdict.</param>
    public static VerdictComparison Of(ReplayedPeriod period, GateModel candidate, GateModel champion, Func<ReadingIdentity, bool?> isConfirmed)
    {
        int confirmed = 0, confirmedByChampion = 0, confirmedByCandidate = 0, dismissed = 0, dismissedByChampion = 0, dismissedByCandidate = 0;
        var lost = ImmutableArray.CreateBuilder<string>();
        for (var r = 0; r < period.Rows.Length; r++)
        {
            if (isConfirmed(period.Rows[r]) is not { } isAnomaly)
            {
                continue;
            }

            var byChampion = champion.Scores[r] > champion.Model.Threshold;
            var byCandidate = candidate.Scores[r] > candidate.Model.Threshold;
            if (isAnomaly)
            {
                confirmed++;
                confirmedByChampion += byChampion ? 1 : 0;
                confirmedByCandidate += byCandidate ? 1 : 0;
                if (byChampion && !byCandidate)
                {
                    lost.Add(period.Rows[r].ToString());
                }
            }
            else
            {
                dismissed++;
                dismissedByChampion += byChampion ? 1 : 0;
                dismissedByCandidate += byCandidate ? 1 : 0;
            }
        }

        return new VerdictComparison(confirmed, confirmedByChampion, confirmedByCandidate, lost.ToImmutable(), dismissed, dismissedByChampion, dismissedByCandidate);
    }
}
