namespace IotAnalytics.Tests.Deployment.Grafana;

/// <summary>
/// What panels show, counted once more from the lake's tables (DuckDB over <c>bronze</c>, <c>silver</c> and <c>gold</c>; <c>scored</c> is the last two together).
/// Of a panel's rows the test takes the columns in order; <c>{s}</c> stands for the sensor, <c>{m}</c> for the measurement that the dashboard shows.
/// </summary>
internal static class PanelFigures
{
    private const string ByMinute = "epoch(date_trunc('minute', event_time))";
    private const string ByRecordMinute = "epoch(date_trunc('minute', record_time))";

    public static IReadOnlyDictionary<string, string> FromLake { get; } = new Dictionary<string, string>
    {
        ["iot-overview / Anomaly rate / A"] = "SELECT (SELECT count(*) FROM gold) / (SELECT count(*) FROM scored)::double",
        ["iot-overview / Sensors alive / A"] = "SELECT 0, count(DISTINCT sensor_id) FROM scored",
        ["iot-overview / Dead letters / A"] = "SELECT {dead}",
        ["iot-overview / Anomaly rate by profile / A"] =
            $"SELECT {ByRecordMinute}, profile, count(*) FILTER (is_anomaly) / count(*)::double FROM scored GROUP BY 1, 2 ORDER BY 1, 2",
        ["iot-overview / Anomalies by severity / A"] = $"SELECT {ByMinute}, severity, count(*) FROM gold GROUP BY 1, 2 ORDER BY 1, 2",
        ["iot-overview / Sensors with the most anomalies / A"] =
            "SELECT sensor_id, profile, count(*), max(anomaly_score / threshold), max(event_time) FROM gold GROUP BY 1, 2 ORDER BY 3 DESC, 4 DESC",
        ["iot-overview / Last anomalies / A"] =
            "SELECT event_time, sensor_id, severity, top_measurement FROM gold ORDER BY event_time DESC, sensor_id LIMIT 50",
        ["iot-sensor / Profile / A"] = "SELECT DISTINCT profile FROM scored WHERE sensor_id = '{s}'",
        ["iot-sensor / Readings in the range / A"] = "SELECT count(*) FROM scored WHERE sensor_id = '{s}'",
        ["iot-sensor / Anomalies in the range / A"] = "SELECT count(*) FROM gold WHERE sensor_id = '{s}'",
        ["iot-sensor / $measurement / A"] =
            $"SELECT {ByMinute}, avg({{m}}), min({{m}}), max({{m}}) FROM scored WHERE sensor_id = '{{s}}' GROUP BY 1 ORDER BY 1",
        ["iot-sensor / $measurement / C"] = "SELECT event_time, {m} FROM gold WHERE sensor_id = '{s}' ORDER BY 1",
        ["iot-sensor / Score / A"] = $"SELECT {ByMinute}, max(anomaly_score) FROM scored WHERE sensor_id = '{{s}}' GROUP BY 1 ORDER BY 1",
        ["iot-sensor / Readings per minute / A"] = $"SELECT {ByMinute}, count(*) FROM scored WHERE sensor_id = '{{s}}' GROUP BY 1 ORDER BY 1",
        ["iot-sensor / Anomalies of the sensor / A"] =
            "SELECT event_time, severity, anomaly_score / threshold, top_measurement FROM gold WHERE sensor_id = '{s}' ORDER BY 1 DESC",
        ["iot-anomalies / Low / A"] = "SELECT count(*) FROM gold WHERE severity = 'low'",
        ["iot-anomalies / Medium / A"] = "SELECT count(*) FROM gold WHERE severity = 'medium'",
        ["iot-anomalies / High / A"] = "SELECT count(*) FROM gold WHERE severity = 'high'",
        ["iot-anomalies / Critical / A"] = "SELECT count(*) FROM gold WHERE severity = 'critical'",
        ["iot-anomalies / Anomalies over time / A"] = $"SELECT {ByMinute}, severity, count(*) FROM gold GROUP BY 1, 2 ORDER BY 1, 2",
        ["iot-anomalies / By sensor / A"] = "SELECT sensor_id, count(*) FROM gold GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10",
        ["iot-anomalies / By top measurement / A"] = "SELECT top_measurement, count(*) FROM gold GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10",
        ["iot-anomalies / By profile / A"] = "SELECT profile, count(*) FROM gold GROUP BY 1 ORDER BY 2 DESC",
        ["iot-anomalies / Anomalies / A"] = "SELECT event_time, sensor_id, profile, severity, anomaly_score / threshold, top_measurement FROM gold ORDER BY event_time DESC, sensor_id",
        ["iot-model / Alarm rate / A"] = "SELECT (SELECT count(*) FROM gold) / (SELECT count(*) FROM scored)::double",
        ["iot-model / Alarm rate over time / A"] =
            $"SELECT {ByRecordMinute}, count(*) FILTER (is_anomaly) / count(*)::double FROM scored WHERE profile = 'climate' GROUP BY 1 ORDER BY 1",
        ["iot-model / Not scored / A"] = "SELECT count(*) FILTER (anomaly_score IS NULL) / count(*)::double FROM scored WHERE profile = 'climate'",
        ["iot-model / Anomalies by model version / A"] = $"SELECT {ByMinute}, model_version, count(*) FROM gold GROUP BY 1, 2 ORDER BY 1, 2",
        ["iot-model / Mean score / A"] = $"SELECT {ByRecordMinute}, avg(anomaly_score) FROM scored WHERE profile = 'climate' GROUP BY 1 ORDER BY 1",
        ["iot-model / Drift / A"] = "SELECT {start}, 'temperature', 0.31",
        ["iot-model / Drift / B"] = "SELECT {start}, 0.2",
        ["iot-model / Fast shifts / A"] = "SELECT {start}, 'humidity', 12.5, 9.0, 'climate/1'",
        ["iot-pipeline / Records behind / A"] = "SELECT 0",
        ["iot-pipeline / Spool / A"] = "SELECT 0",
        ["iot-pipeline / Hosts and partitions / A"] = "SELECT 1, 1",
        ["iot-pipeline / Lost records / A"] = "SELECT 0",
        ["iot-pipeline / Dead letters by reason / A"] = "SELECT 'wrong_type', {dead}",
    };

    /// <summary>Panels whose rows are added up, because their points lie at the clock's time or are rates.</summary>
    public static IReadOnlyDictionary<string, string> SumsFromLake { get; } = new Dictionary<string, string>
    {
        ["iot-overview / Readings per second by profile / A"] = "SELECT sum(item_count) / 60.0 FROM bronze",
        ["iot-pipeline / Rows cut and published / A"] = "SELECT (SELECT count(*) FROM bronze) + (SELECT count(*) FROM scored)",
        ["iot-pipeline / Set aside / A"] = "SELECT {dead} + {duplicates} + (SELECT count(*) FILTER (flags & 8 <> 0) + count(*) FILTER (anomaly_score IS NULL) FROM scored)",
    };

    /// <summary>What a sound host leaves empty.</summary>
    public static IReadOnlySet<string> MayBeEmpty { get; } = new HashSet<string> { "iot-pipeline / Lost ranges / A" };
}
