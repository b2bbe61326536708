using IotAnalytics.Core.Lake.Files;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Lake;

/// <summary>Rows of a micro-batch as rows of silver or gold, copied column by column. Indices are the schema's.</summary>
internal sealed class ReadingRows(ProfileCatalog catalog)
{
    private const int Head = 9;
    private const long MsPerDay = 86_400_000;

    /// <summary>Days since 1970-01-01 of a time that is not before it.</summary>
    public static int DayOf(long unixMilliseconds) => (int)(unixMilliseconds / MsPerDay);

    public static DateOnly DateOf(int day) => DateOnly.FromDayNumber(DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber + day);

    /// <summary>Fills the rows from <paramref name="first"/> on, which were reserved.</summary>
    /// <param name="rows">Rows of the batch, rising.</param>
    public void Append(
        RowBuffer buffer,
        int first,
        ReadOnlySpan<int> rows,
        MicroBatch batch,
        SensorTable sensors,
        IReadOnlyList<string?> modelVersionByProfile,
        int sourceId,
        int partition,
        bool isGold)
    {
        var count = rows.Length;
        buffer.Ints(0).Values.Slice(first, count).Fill(sourceId);
        buffer.Ints(1).Values.Slice(first, count).Fill(partition);
        var offsets = buffer.Longs(2).Values.Slice(first, count);
        var items = buffer.Ints(3).Values.Slice(first, count);
        var ids = buffer.Texts(4).Values.Slice(first, count);
        var profiles = buffer.Texts(5).Values.Slice(first, count);
        var eventTimes = buffer.Times(6).Values.Slice(first, count);
        var recordTimes = buffer.Times(7).Values.Slice(first, count);
        var flags = buffer.Ints(8).Values.Slice(first, count);
        var measurements = catalog.Measurements.Length;
        var models = buffer.Texts(Head + measurements).Values.Slice(first, count);
        var scores = buffer.Doubles(Head + measurements + 1).Values.Slice(first, count);
        for (var i = 0; i < count; i++)
        {
            var row = rows[i];
            ref readonly var record = ref batch.Records[batch.Record[row]];
            offsets[i] = record.Offset;
            recordTimes[i] = record.RecordTimeMs;
            items[i] = batch.Item[row];
            eventTimes[i] = batch.EventMs[row];
            flags[i] = (int)batch.Flags[row];
            var sensor = batch.Sensor[row];
            var profile = sensors.ProfileOf(sensor);
            ids[i] = sensors.IdOf(sensor);
            profiles[i] = catalog.Profiles[profile].Name;
            scores[i] = batch.Score[row];
            models[i] = double.IsNaN(batch.Score[row]) ? null : modelVersionByProfile[profile];
        }

        for (var column = 0; column < measurements; column++)
        {
            var target = buffer.Doubles(Head + column).Values.Slice(first, count);
            if (batch.Measurement(column) is not { } source)
            {
                target.Fill(double.NaN);
                continue;
            }

            for (var i = 0; i < count; i++)
            {
                target[i] = source[rows[i]];
            }
        }

        if (isGold)
        {
            AppendDetails(buffer, first, rows, batch, Head + measurements);
        }
        else if (batch.ShadowDecided.Count > 0)
        {
            NameShadows(models, rows, batch);
        }
    }

    private static void NameShadows(Span<string?> models, ReadOnlySpan<int> rows, MicroBatch batch)
    {
        // Decisions and rows rise together.
        var decision = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            while (decision < batch.ShadowDecided.Count && batch.ShadowDecided[decision].Row < rows[i])
            {
                decision++;
            }

            if (decision < batch.ShadowDecided.Count && batch.ShadowDecided[decision].Row == rows[i])
            {
                models[i] = batch.ShadowDecided[decision].Version;
            }
        }
    }

    private static void AppendDetails(RowBuffer buffer, int first, ReadOnlySpan<int> rows, MicroBatch batch, int tail)
    {
        // Details and rows rise together.
        var detail = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            while (detail < batch.Anomalies.Count && batch.Anomalies[detail].Row < rows[i])
            {
                detail++;
            }

            if (detail == batch.Anomalies.Count || batch.Anomalies[detail].Row != rows[i])
            {
                throw new InvalidOperationException($"Row {rows[i]} is an anomaly without details.");
            }

            var anomaly = batch.Anomalies[detail];
            var explanation = AsciiJson.Escape(anomaly.ExplanationJson);
            buffer.Texts(tail).Values[first + i] = anomaly.ModelVersion;
            buffer.Doubles(tail + 2).Values[first + i] = anomaly.Threshold;
            buffer.Doubles(tail + 3).Values[first + i] = anomaly.Rarity;
            buffer.Texts(tail + 4).Values[first + i] = anomaly.Severity;
            buffer.Texts(tail + 5).Values[first + i] = anomaly.TopMeasurement;
            buffer.Texts(tail + 6).Values[first + i] = explanation;
            buffer.VariableBytes += explanation.Length * sizeof(char);
        }
    }
}
