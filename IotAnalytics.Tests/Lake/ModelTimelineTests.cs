using IotAnalytics.Core.Lake.Reconcile;

namespace IotAnalytics.Tests.Lake;

public sealed class ModelTimelineTests
{
    [Fact]
    public void A_promotion_begins_at_its_first_row_whatever_the_order_of_the_files()
    {
        var timeline = new ModelTimeline();
        Rows(timeline, 0, 50, "1", 0.1, 0.6, 0.9);
        Rows(timeline, 80, 120, "1", 0.1, 0.6, 0.9);
        // All rows of version 2 are anomalies: they lie in another table.
        Rows(timeline, 50, 80, "2", 0.1, 0.6, 0.9);

        Assert.Equal([(0, "1"), (50, "2"), (80, "1")], Short(timeline));
    }

    [Fact]
    public void An_A_B_split_is_one_plan_of_two_versions()
    {
        var timeline = new ModelTimeline();
        Rows(timeline, 0, 10, "1", 0.1, 0.6, 0.9);
        Rows(timeline, 10, 40, "2", 0.1, 0.2);
        Rows(timeline, 10, 40, "1", 0.6, 0.9);
        Rows(timeline, 40, 50, "2", 0.1, 0.6, 0.9);

        Assert.Equal([(0, "1"), (10, "2|1"), (40, "2")], Short(timeline));
        var split = timeline.Changes().ElementAt(1).Versions;
        Assert.Equal((0.2, 0.6), (split[0].Highest, split[1].Lowest));
    }

    [Fact]
    public void Another_share_is_another_plan()
    {
        var timeline = new ModelTimeline();
        Rows(timeline, 0, 10, "2", 0.1);
        Rows(timeline, 0, 10, "1", 0.3, 0.6);
        Rows(timeline, 10, 20, "2", 0.1, 0.3);
        Rows(timeline, 10, 20, "1", 0.6);

        Assert.Equal([(0, "2|1"), (10, "2|1")], Short(timeline));
    }

    [Fact]
    public void One_sensor_is_enough_to_see_a_change()
    {
        var timeline = new ModelTimeline();
        Rows(timeline, 0, 3, "1", 0.7);
        Rows(timeline, 3, 5, "2", 0.7);

        Assert.Equal([(0, "1"), (3, "2")], Short(timeline));
    }

    private static void Rows(ModelTimeline timeline, long from, long to, string version, params double[] places)
    {
        for (var offset = from; offset < to; offset++)
        {
            foreach (var place in places)
            {
                timeline.Add(offset, version, place);
            }
        }
    }

    private static IEnumerable<(long, string)> Short(ModelTimeline timeline) => timeline.Changes().Select(c => (c.Offset, string.Join('|', c.Versions.Select(v => v.Version))));
}
