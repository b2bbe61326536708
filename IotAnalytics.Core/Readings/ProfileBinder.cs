namespace IotAnalytics.Core.Readings;

/// <summary>Binds a new sensor to the profile with the largest set of measurements wholly present in its first reading.
/// None or a tie makes the reading a dead letter, and the sensor stays new.</summary>
internal sealed class ProfileBinder(ProfileCatalog catalog)
{
    /// <summary>The sensor's index, or -1 when the row has become a dead letter.</summary>
    public int Bind(MicroBatch batch, int row, SensorTable sensors)
    {
        var best = -1;
        var size = 0;
        var tie = -1;
        for (var profile = 0; profile < catalog.Profiles.Length; profile++)
        {
            var columns = catalog.ProfileColumns[profile];
            if (columns.Length < size || !columns.All(c => IsPresent(batch, c, row)))
            {
                continue;
            }

            tie = columns.Length == size ? best : -1;
            best = profile;
            size = columns.Length;
        }

        if (best >= 0 && tie < 0)
        {
            return sensors.Add(batch.SensorId(row), best);
        }

        var present = string.Join(", ", catalog.Measurements.Where((_, c) => IsPresent(batch, c, row)).Select(m => m.Name).DefaultIfEmpty("none"));
        batch.Outcome[row] = RowOutcome.DeadLetter;
        batch.DeadLetters.Add(new DeadLetter(
            batch.Record[row],
            batch.Item[row],
            best < 0 ? DeadLetterReasons.UnknownProfile : DeadLetterReasons.AmbiguousProfile,
            "",
            JsonText.Detail(best < 0
                ? $"a new sensor with the measurements {present}; accepted are all of a profile: {string.Join("; ", catalog.Profiles.Select(Described))}"
                : $"profiles {catalog.Profiles[tie].Name} and {catalog.Profiles[best].Name} fit a new sensor with the measurements {present}; accepted is one best fit"),
            batch.ItemStart[row],
            batch.ItemLength[row]));
        return -1;
    }

    private static bool IsPresent(MicroBatch batch, int column, int row) => batch.Measurement(column) is { } values && !double.IsNaN(values[row]);

    private static string Described(SensorProfile profile) => $"{profile.Name} ({string.Join(", ", profile.Measurements.Select(m => m.Name))})";
}
