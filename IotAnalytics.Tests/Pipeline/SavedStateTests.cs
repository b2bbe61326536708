using System.Globalization;
using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Stores;
using IotAnalytics.Core.Pipeline;
using IotAnalytics.Tests.Lake;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Tests.Pipeline;

public sealed class SavedStateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_two_newest_states_are_kept_and_the_last_one_of_each_of_the_last_14_days()
    {
        var states = new SavedState(new FileSystemLakeStore(_folder.Path), Options.Create(new LakeOptions()));
        var claim = new PartitionClaim(1, 0, "a", 5, new PartitionOffsets(0, 0, 0), null, null);
        var newest = new DateTime(2026, 1, 31, 0, 30, 0, DateTimeKind.Utc);
        for (var i = 0; i < 120; i++)
        {
            // Four a day, 30 days: offset 119 is the newest.
            var key = states.KeyOf(claim, i);
            await states.PutAsync(key, [1], Token);
            File.SetLastWriteTimeUtc(_folder.Combine(key), newest.AddHours(-6 * (119 - i)));
        }

        await states.PruneAsync(claim, 119, Token);

        var kept = Directory.GetFiles(_folder.Path, "*.bin", SearchOption.AllDirectories)
            .Select(f => int.Parse(Path.GetFileName(f).Split('-')[2], CultureInfo.InvariantCulture)).OrderDescending().ToList();
        Assert.Equal([119, 118, .. Enumerable.Range(1, 12).Select(day => 118 - (4 * day))], kept);
    }
}
