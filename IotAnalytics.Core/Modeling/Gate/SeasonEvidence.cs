using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>
/// Whether the plant has changed since a model was trained: a shift in most sensors is a season, one in few of them a fault. A sensor has shifted when at
/// least a quarter of its readings have a measurement outside the middle 98 % of the model's training rows. In the training rows themselves that can be true
/// of at most 8 % of the sensors for each measurement, because only 2 % of the values lie outside. An alarm rate would not do: a forest that has seen
/// nothing like the new season may well give it ordinary scores.
/// </summary>
/// <param name="Sensors">With readings that are judged.</param>
/// <param name="Shifted">Of them, since the champion was trained.</param>
/// <param name="ShiftedForCandidate">The same, since the candidate was trained.</param>
internal sealed record SeasonEvidence(int Sensors, int Shifted, int ShiftedForCandidate, bool IsSeason)
{
    /// <summary>Fewer sensors cannot tell a season from a fault.</summary>
    public const int MinSensors = 5;

    private const double OutsideShare = 0.25;

    /// <summary>True: most sensors have shifted for the champion, and not for the candidate.</summary>
    public static SeasonEvidence Of(ReplayedPeriod period, ModelSnapshot candidate, ModelSnapshot champion)
    {
        int sensors = 0, shifted = 0, forCandidate = 0;
        foreach (var series in period.Series)
        {
            int rows = 0, outside = 0, outsideCandidate = 0;
            for (var r = series.First; r < series.First + series.Rows; r++)
            {
                if (period.IsJudged[r])
                {
                    rows++;
                    outside += IsOutside(period, r, champion) ? 1 : 0;
                    outsideCandidate += IsOutside(period, r, candidate) ? 1 : 0;
                }
            }

            if (rows > 0)
            {
                sensors++;
                shifted += outside >= OutsideShare * rows ? 1 : 0;
                forCandidate += outsideCandidate >= OutsideShare * rows ? 1 : 0;
            }
        }

        return new SeasonEvidence(sensors, shifted, forCandidate, sensors >= MinSensors && shifted * 2 > sensors && forCandidate * 2 <= sensors);
    }

    private static bool IsOutside(ReplayedPeriod period, int row, ModelSnapshot model)
    {
        for (var m = 0; m < period.Values.Length; m++)
        {
            // NaN is neither below nor above.
            if (period.Values[m][row] < model.ExpectedRanges[m].P1 || period.Values[m][row] > model.ExpectedRanges[m].P99)
            {
                return true;
            }
        }

        return false;
    }
}
