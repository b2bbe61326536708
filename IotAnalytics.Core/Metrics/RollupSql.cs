using System.Data.Common;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Metrics;

/// <summary>Adds a window to <c>sensor_minute</c> and moves each sensor's newest reading; part of T1'.</summary>
internal static class RollupSql
{
    private static readonly RowColumn[] MinuteColumns =
    [
        new("sensor_key", RowType.Int32), new("bucket_start", RowType.Time), new("measurement", RowType.Text), new("reading_count", RowType.Int64),
        new("value_min", RowType.Double), new("value_max", RowType.Double), new("value_sum", RowType.Double), new("value_sum_squares", RowType.Double),
        new("anomaly_count", RowType.Int64), new("score_max", RowType.Double),
    ];

    private static readonly RowColumn[] NewestColumns =
    [
        new("key", RowType.Int32), new("event_time", RowType.Time), new("record_time", RowType.Time), new("measurements", RowType.Json),
        new("score", RowType.Double), new("flags", RowType.Int32),
    ];

    public static void Write(DbTransaction transaction, RollupWindow window, ProfileCatalog catalog, SensorTable sensors)
    {
        WriteMinutes(transaction, window, catalog, sensors);
        WriteNewest(transaction, window, catalog, sensors);
    }

    private static void WriteMinutes(DbTransaction transaction, RollupWindow window, ProfileCatalog catalog, SensorTable sensors)
    {
        using var rows = RowWriter.Statement(
            transaction,
            """
            INSERT INTO sensor_minute AS m (sensor_key, bucket_start, measurement, reading_count, value_min, value_max, value_sum, value_sum_squares, anomaly_count, score_max)
            {values}
            ON CONFLICT (sensor_key, bucket_start, measurement) DO UPDATE SET reading_count = m.reading_count + excluded.reading_count,
              value_min = CASE WHEN excluded.value_min < m.value_min THEN excluded.value_min ELSE m.value_min END,
              value_max = CASE WHEN excluded.value_max > m.value_max THEN excluded.value_max ELSE m.value_max END,
              value_sum = m.value_sum + excluded.value_sum, value_sum_squares = m.value_sum_squares + excluded.value_sum_squares,
              anomaly_count = m.anomaly_count + excluded.anomaly_count,
              score_max = CASE WHEN m.score_max IS NULL OR excluded.score_max > m.score_max THEN excluded.score_max ELSE m.score_max END
            """,
            MinuteColumns);
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
                    rows.Add(
                        key, new DbTime(cell.Minute * 60_000), measurements[m].Name, v.Count, v.Min, v.Max, v.Sum, v.SumSquares, cell.AnomalyCount, OrNull(cell.ScoreMax));
                }
            }
        }

        rows.Complete();
    }

    private static void WriteNewest(DbTransaction transaction, RollupWindow window, ProfileCatalog catalog, SensorTable sensors)
    {
        using var rows = RowWriter.Statement(
            transaction,
            """
            UPDATE sensor SET last_event_time = r.event_time, last_record_time = r.record_time, last_measurements = r.measurements,
              last_score = r.score, last_flags = r.flags
            FROM {rows} AS r WHERE sensor.sensor_key = r.key AND (sensor.last_event_time IS NULL OR sensor.last_event_time <= r.event_time)
            """,
            NewestColumns);
        foreach (ref readonly var newest in window.Newest)
        {
            rows.Add(
                sensors.KeyOf(newest.Sensor), new DbTime(newest.EventMs), new DbTime(newest.RecordMs),
                MeasurementJson.Write(catalog.Profiles[newest.Profile].Measurements, window.ValuesOf(newest)), OrNull(newest.Score), (int)newest.Flags);
        }

        rows.Complete();
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
