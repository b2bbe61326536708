using System.Data.Common;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Metrics;

/// <summary>Adds a window to <c>sensor_minute</c> and moves each sensor's newest reading; part of T1'.</summary>
internal static class RollupSql
{
    public static void Write(DbTransaction transaction, RollupWindow window, ProfileCatalog catalog, SensorTable sensors)
    {
        WriteMinutes(transaction, window, catalog, sensors);
        WriteNewest(transaction, window, catalog, sensors);
    }

    private static void WriteMinutes(DbTransaction transaction, RollupWindow window, ProfileCatalog catalog, SensorTable sensors)
    {
        using var command = transaction.Command(
            """
            INSERT INTO sensor_minute AS m (sensor_key, bucket_start, measurement, reading_count, value_min, value_max, value_sum, value_sum_squares, anomaly_count, score_max)
            VALUES (@key, @bucket, @name, @count, @min, @max, @sum, @squares, @anomalies, @score)
            ON CONFLICT (sensor_key, bucket_start, measurement) DO UPDATE SET reading_count = m.reading_count + excluded.reading_count,
              value_min = CASE WHEN excluded.value_min < m.value_min THEN excluded.value_min ELSE m.value_min END,
              value_max = CASE WHEN excluded.value_max > m.value_max THEN excluded.value_max ELSE m.value_max END,
              value_sum = m.value_sum + excluded.value_sum, value_sum_squares = m.value_sum_squares + excluded.value_sum_squares,
              anomaly_count = m.anomaly_count + excluded.anomaly_count,
              score_max = CASE WHEN m.score_max IS NULL OR excluded.score_max > m.score_max THEN excluded.score_max ELSE m.score_max END
            """,
            "@key", "@bucket", "@name", "@count", "@min", "@max", "@sum", "@squares", "@anomalies", "@score");
        foreach (var index in InKeyOrder(window, sensors))
        {
            ref readonly var cell = ref window.Cells[index];
            var values = window.ValuesOf(cell);
            var key = sensors.KeyOf(cell.Sensor);
            var measurements = catalog.Profiles[cell.Profile].Measurements;
            for (var m = 0; m < values.Length; m++)
            {
                ref readonly var v = ref values[m];
                if (v.Count > 0)
                {
                    command.Run(
                        key, cell.Minute * 60_000, measurements[m].Name, v.Count, v.Min, v.Max, v.Sum, v.SumSquares, cell.AnomalyCount, OrNull(cell.ScoreMax));
                }
            }
        }
    }

    private static void WriteNewest(DbTransaction transaction, RollupWindow window, ProfileCatalog catalog, SensorTable sensors)
    {
        using var command = transaction.Command(
            """
            UPDATE sensor SET last_event_time = @event, last_record_time = @record, last_measurements = @values, last_score = @score, last_flags = @flags
            WHERE sensor_key = @key AND (last_event_time IS NULL OR last_event_time <= @event)
            """,
            "@event", "@record", "@values", "@score", "@flags", "@key");
        foreach (ref readonly var newest in window.Newest)
        {
            command.Run(
                newest.EventMs, newest.RecordMs, MeasurementJson.Write(catalog.Profiles[newest.Profile].Measurements, window.ValuesOf(newest)),
                OrNull(newest.Score), (int)newest.Flags, sensors.KeyOf(newest.Sensor));
        }
    }

    /// <summary>Ascending keys touch the index in order, and keep two hosts from locking rows crosswise.</summary>
    private static int[] InKeyOrder(RollupWindow window, SensorTable sensors)
    {
        var order = new int[window.CellCount];
        var keys = new (int Key, long Minute)[window.CellCount];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
            keys[i] = (sensors.KeyOf(window.Cells[i].Sensor), window.Cells[i].Minute);
        }

        Array.Sort(keys, order);
        return order;
    }

    private static object? OrNull(double value) => double.IsNaN(value) ? null : value;
}
