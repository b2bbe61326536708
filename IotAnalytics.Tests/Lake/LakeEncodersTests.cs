using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Files;
using IotAnalytics.Core.Lake.Files.Format;

namespace IotAnalytics.Tests.Lake;

public sealed class LakeEncodersTests
{
    private readonly LakeEncoders _encoders = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void A_row_group_goes_to_whatever_partition_has_the_same_columns_and_size()
    {
        var first = _encoders.Rent(LakeSchema.Silver(["humidity", "temperature"]), share: 0.5);
        first.Reserve(10);
        _encoders.Return(first);

        Assert.NotSame(first, _encoders.Rent(LakeSchema.Silver(["humidity"]), 0.5));
        Assert.NotSame(first, _encoders.Rent(LakeSchema.Gold(["humidity", "temperature"]), 0.5));
        Assert.NotSame(first, _encoders.Rent(LakeSchema.Silver(["humidity", "temperature"]), 1));
        var again = _encoders.Rent(LakeSchema.Silver(["humidity", "temperature"]), 0.5);
        Assert.Same(first, again);
        Assert.Equal(0, again.Rows);
    }

    [Fact]
    public void Row_groups_of_profiles_that_are_no_more_make_room()
    {
        for (var i = 0; i < 1_000; i++)
        {
            _encoders.Return(new RowBuffer(LakeSchema.Silver(["gone"])));
        }

        var wanted = new RowBuffer(LakeSchema.Bronze);
        _encoders.Return(wanted);

        Assert.Same(wanted, _encoders.Rent(LakeSchema.Bronze, 1));
    }

    [Fact]
    public async Task No_more_are_encoded_at_once_than_there_are_processors_and_none_shares_its_arrays()
    {
        var (running, most) = (0, 0);
        var inUse = new HashSet<ColumnChunkWriter>(ReferenceEqualityComparer.Instance);
        var work = Enumerable.Range(0, Environment.ProcessorCount * 8).Select(i => _encoders.RunAsync(
            chunk =>
            {
                lock (inUse)
                {
                    Assert.True(inUse.Add(chunk));
                    most = Math.Max(most, ++running);
                }

                Thread.Sleep(5);
                lock (inUse)
                {
                    inUse.Remove(chunk);
                    running--;
                }

                return (long)i;
            },
            Token));

        Assert.Equal(Enumerable.Range(0, Environment.ProcessorCount * 8).Select(i => (long)i), await Task.WhenAll(work));
        Assert.InRange(most, 1, Environment.ProcessorCount);
    }

    [Fact]
    public async Task Full_row_groups_that_wait_are_bounded_for_the_whole_host()
    {
        var most = Environment.ProcessorCount * 2;
        for (var i = 0; i < most; i++)
        {
            await _encoders.EnterAsync(Token);
        }

        var next = _encoders.EnterAsync(Token);
        await Task.Delay(50, Token);
        Assert.False(next.IsCompleted);
        _encoders.Leave();
        await next.WaitAsync(TimeSpan.FromSeconds(10), Token);
    }

    [Fact]
    public async Task A_row_group_that_fails_gives_its_permit_back()
    {
        for (var i = 0; i < Environment.ProcessorCount + 1; i++)
        {
            await Assert.ThrowsAsync<IOException>(() => _encoders.RunAsync(_ => throw new IOException("full"), Token));
        }

        Assert.Equal(7, await _encoders.RunAsync(_ => 7, Token).WaitAsync(TimeSpan.FromSeconds(10), Token));
    }
}
