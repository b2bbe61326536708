using IotAnalytics.Core.Lake.Reconcile;

namespace IotAnalytics.Tests.Pipeline.Reconcile;

public sealed class CutChainTests
{
    private static readonly PartitionKey Key = new(1, 0);

    [Fact]
    public void A_cut_with_its_state_is_whole() => Assert.Equal([(10, 20)], Chain(10, ["1-0-10-20-3"], ["1-0-20-3"]));

    [Fact]
    public void A_cut_without_its_state_may_be_torn() => Assert.Empty(Chain(10, ["1-0-10-20-3"], ["1-0-10-3", "1-0-20-2", "1-1-20-3"]));

    [Fact]
    public void A_cut_that_another_follows_was_committed() => Assert.Equal([(10, 20), (20, 25)], Chain(10, ["1-0-10-20-3", "1-0-20-25-3"], ["1-0-25-3"]));

    [Fact]
    public void Of_two_claims_the_later_one_counts() =>
        Assert.Equal([(10, 15)], Chain(10, ["1-0-10-20-3", "1-0-10-15-4"], ["1-0-20-3", "1-0-15-4"]));

    [Fact]
    public void What_a_later_claim_left_torn_does_not_hide_what_an_earlier_one_finished() =>
        Assert.Equal([(10, 20)], Chain(10, ["1-0-10-20-3", "1-0-10-15-4"], ["1-0-20-3"]));

    private static List<(int, int)> Chain(long from, string[] cuts, string[] states) =>
    [
        .. CutChain.From(
            from, Key, new LakeSurvey(
                [], [.. cuts.Select(c => new StoredCut("bronze", $"b/ingest_date=2026-01-01/{c}.parquet", CutName.Parse($"{c}.parquet")!.Value))],
                [.. states.Select(s => StoredState.Parse($"s/state/{s}.bin")!)], 0))
            .Select(a => ((int)a.Name.FirstOffset, (int)a.Name.NextOffset)),
    ];
}
