using System.Globalization;
using System.Text;
using System.Text.Json;
using IotAnalytics.Core.Readings;
using static IotAnalytics.Tests.Readings.Parsing;

namespace IotAnalytics.Tests.Readings;

/// <summary>The parser against a slow, obvious reading of the same items with JsonDocument.</summary>
public class ReadingParserReferenceTests
{
    private static readonly ProfileCatalog Catalog = new([ClimateProfile.Default, Profile("motor", "vibration_x", "vibration_y", "current"), Profile("wide", [.. Enumerable.Range(0, 80).Select(i => $"channel_{i}")])]);

    [Fact]
    public void Random_items_give_the_rows_and_reasons_of_the_reference()
    {
        var items = new ItemGenerator(11, [.. Catalog.Measurements.Select(m => m.Name)]);
        var reasons = new Dictionary<string, int>(StringComparer.Ordinal);
        var rows = 0;
        for (var round = 0; round < 400; round++)
        {
            string[] record = [.. Enumerable.Range(0, 1 + round % 20).Select(_ => items.Next())];
            foreach (var form in new[] { string.Join('\n', record), $"[{string.Join(",", record)}]" })
            {
                if (form.StartsWith("[]", StringComparison.Ordinal))
                {
                    // A sequence that begins with an array is an array.
                    continue;
                }

                var batch = Parse(Records(form), Catalog);
                rows += batch.RowCount;
                Compare(record, batch, reasons);
            }
        }

        Assert.True(rows > 3_000);
        Assert.All(
            (string[])["not_an_object", "missing_sensor_id", "invalid_sensor_id", "missing_timestamp", "invalid_timestamp", "time_out_of_range", "wrong_type", "not_finite", "duplicate_key"],
            reason => Assert.True(reasons.GetValueOrDefault(reason) > 20, reason));
    }

    private static void Compare(string[] record, MicroBatch batch, Dictionary<string, int> reasons)
    {
        var row = 0;
        var letters = batch.DeadLetters.ToDictionary(l => l.Item);
        for (var item = 0; item < record.Length; item++)
        {
            var (reason, field, id, ms, values) = Reference(record[item]);
            if (reason is not null)
            {
                reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
                Assert.True(letters.TryGetValue(item, out var letter), record[item]);
                Assert.Equal((reason, field, record[item]), (letter.Reason, letter.Field, batch.Payload(letter)));
                continue;
            }

            Assert.False(letters.ContainsKey(item), record[item]);
            Assert.Equal((item, id, ms), (batch.Item[row], batch.Id(row), batch.EventMs[row]));
            Assert.Equal(record[item], Encoding.UTF8.GetString(batch.Payload(row)));
            for (var column = 0; column < Catalog.Measurements.Length; column++)
            {
                var expected = values.GetValueOrDefault(Catalog.Measurements[column].Name, double.NaN);
                var actual = batch.Measurement(column) is { } cells ? cells[row] : double.NaN;
                Assert.True(BitConverter.DoubleToInt64Bits(expected) == BitConverter.DoubleToInt64Bits(actual), record[item]);
            }

            row++;
        }

        Assert.Equal(batch.RowCount, row);
    }

    private static (string? Reason, string Field, string Id, long Ms, Dictionary<string, double> Values) Reference(string item)
    {
        using var document = JsonDocument.Parse(item);
        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        string id = "";
        long ms = 0;
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            return Bad("not_an_object", "");
        }

        foreach (var property in document.RootElement.EnumerateObject())
        {
            var name = property.Name;
            var kind = property.Value.ValueKind;
            if (name is not ("sensor_id" or "timestamp") && Catalog.ColumnOf(name) < 0)
            {
                continue;
            }

            if (!seen.Add(name))
            {
                return Bad("duplicate_key", name);
            }

            switch (name)
            {
                case "sensor_id":
                    if (kind == JsonValueKind.Null)
                    {
                        return Bad("missing_sensor_id", name);
                    }

                    id = kind == JsonValueKind.String ? property.Value.GetString()! : "";
                    if (!System.Text.RegularExpressions.Regex.IsMatch(id, @"^[A-Za-z0-9._:/-]{1,128}\z"))
                    {
                        return Bad("invalid_sensor_id", name);
                    }

                    break;
                case "timestamp":
                    if (kind == JsonValueKind.Null)
                    {
                        return Bad("missing_timestamp", name);
                    }

                    if (kind == JsonValueKind.Number && property.Value.TryGetInt64(out ms) && !property.Value.GetRawText().Any(c => c is '.' or 'e' or 'E'))
                    {
                    }
                    else if (kind == JsonValueKind.String && property.Value.GetString()!.EndsWith('Z')
                        && DateTime.TryParseExact(property.Value.GetString(), "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
                    {
                        ms = new DateTimeOffset(time).ToUnixTimeMilliseconds();
                    }
                    else
                    {
                        return Bad("invalid_timestamp", name);
                    }

                    if (ms < ReadingRules.EarliestEventMs || ms > Now + 300_000)
                    {
                        return Bad("time_out_of_range", name);
                    }

                    break;
                default:
                    if (kind is not (JsonValueKind.Number or JsonValueKind.Null))
                    {
                        return Bad("wrong_type", name);
                    }

                    if (kind == JsonValueKind.Number)
                    {
                        values[name] = property.Value.GetDouble() + 0.0;
                        if (!double.IsFinite(values[name]))
                        {
                            return Bad("not_finite", name);
                        }
                    }

                    break;
            }
        }

        return !seen.Contains("sensor_id") ? Bad("missing_sensor_id", "sensor_id") : !seen.Contains("timestamp") ? Bad("missing_timestamp", "timestamp") : (null, "", id, ms, values);

        (string?, string, string, long, Dictionary<string, double>) Bad(string reason, string field) => (reason, field, "", 0, values);
    }
}
