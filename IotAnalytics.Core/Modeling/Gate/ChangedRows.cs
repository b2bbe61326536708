using System.Collections.Immutable;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>Rows of the period that one model flags and the other does not, each at its own threshold.</summary>
/// <param name="CandidateOnly">How many the candidate alone flags.</param>
/// <param name="ChampionOnly">How many the champion alone flags.</param>
/// <param name="Examples">Of each kind those whose scores are farthest apart.</param>
internal sealed record ChangedRows(int Both, int CandidateOnly, int ChampionOnly, ImmutableArray<ChangedRow> Examples)
{
    /// <summary>Of each kind.</summary>
    public const int MaxExamples = 20;

    public static ChangedRows Of(ReplayedPeriod period, GateModel candidate, GateModel champion)
    {
        var (both, candidateOnly, championOnly) = (0, new List<ChangedRow>(), new List<ChangedRow>());
        foreach (var series in period.Series)
        {
            for (var r = series.First; r < series.First + series.Rows; r++)
            {
                var byCandidate = candidate.Scores[r] > candidate.Model.Threshold;
                var byChampion = champion.Scores[r] > champion.Model.Threshold;
                both += byCandidate && byChampion ? 1 : 0;
                if (byCandidate != byChampion)
                {
                    (byCandidate ? candidateOnly : championOnly).Add(new ChangedRow(
                        period.Rows[r].ToString(), series.Sensor, DateTimeOffset.FromUnixTimeMilliseconds(period.EventMs[r]).UtcDateTime,
                        candidate.Scores[r], byCandidate, champion.Scores[r], byChampion));
                }
            }
        }

        static IEnumerable<ChangedRow> Farthest(List<ChangedRow> rows) => rows.OrderByDescending(r => Math.Abs(r.CandidateScore - r.ChampionScore)).Take(MaxExamples);
        return new ChangedRows(both, candidateOnly.Count, championOnly.Count, [.. Farthest(candidateOnly), .. Farthest(championOnly)]);
    }
}

/// <param name="Reading">As anomalies are named.</param>
internal sealed record ChangedRow(
    string Reading, string SensorId, DateTime EventTime, double CandidateScore, bool ByCandidate, double ChampionScore, bool ByChampion);
