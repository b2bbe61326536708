using System.Text;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Modeling.Training;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Core.Readings;
using IotAnalytics.Core.Scoring;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.EndToEnd;

/// <summary>Which model a row must name, by the assignments of its partition; from outside the pipeline.</summary>
internal static class PlanOracle
{
    /// <summary>Registers a second version of the climate model: another forest, with a threshold of its own when given.</summary>
    public static Task<ModelSnapshot> AddVersionAsync(IServiceProvider services, double? threshold = null)
    {
        var model = BootstrapTrainer.Train(services.GetRequiredService<ProfileCatalog>().Profiles.Single(p => p.Name == "climate"), seed: 2);
        return services.GetRequiredService<ModelRegistry>().AddVersionAsync(
            model with { Threshold = threshold ?? model.Threshold }, "test", trainingRunId: null, together: null, TestContext.Current.CancellationToken);
    }

    /// <summary>All assignments, by partition and offset.</summary>
    public static Task<List<(int Partition, long From, ScoringPlan Plan)>> ReadAsync(DatabaseReader reader) => reader.ReadAsync(
        transaction =>
        {
            using var query = transaction.Query(
                "SELECT a.partition, a.from_offset, p.content FROM scoring_assignment a JOIN scoring_plan p ON p.plan_id = a.plan_id ORDER BY a.partition, a.from_offset");
            using var rows = query.ExecuteReader();
            var found = new List<(int, long, ScoringPlan)>();
            while (rows.Read())
            {
                found.Add((rows.GetInt32(0), rows.GetInt64(1), ScoringPlan.FromJson(rows.GetString(2))));
            }

            return found;
        },
        TestContext.Current.CancellationToken);

    /// <summary>Every row of silver and gold names the version that its partition's assignment and its sensor call for. Returns how many rows each version has.</summary>
    public static Dictionary<string, int> AssertRowsAgree(LakeOracle oracle, List<(int Partition, long From, ScoringPlan Plan)> assignments)
    {
        var counts = new Dictionary<string, int>();
        foreach (var row in oracle.Query(
            """
            SELECT "partition", record_offset, sensor_id, model_version FROM silver UNION ALL SELECT "partition", record_offset, sensor_id, model_version FROM gold
            """))
        {
            var (partition, offset, sensor) = ((int)row[0]!, (long)row[1]!, (string)row[2]!);
            var planned = assignments.Last(a => a.Partition == partition && a.From <= offset).Plan.Models.Single();
            var expected = planned.Shadow is { } shadow && SensorSplit.PlaceOf(Encoding.UTF8.GetBytes(sensor)) < shadow.Share ? shadow.Version : planned.Version;
            Assert.True(expected == (string?)row[3], $"{partition}/{offset} of {sensor}: version {row[3]}, the assignment says {expected}");
            counts[expected] = counts.GetValueOrDefault(expected) + 1;
        }

        return counts;
    }
}
