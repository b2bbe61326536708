using IotAnalytics.Web.Commands;
using Microsoft.Extensions.Time.Testing;

namespace IotAnalytics.Tests.Commands;

public class ProgressDisplayTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly StringWriter _error = new();

    [Fact]
    public async Task Without_a_terminal_there_is_a_plain_line_after_five_seconds()
    {
        var work = new TaskCompletionSource();
        var done = 0;
        var shown = ProgressDisplay.ShowAsync("Replaying", work.Task, () => new ProgressStep(++done, 4, $"{done} of 4"), _error, _time);

        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal("", _error.ToString());
        _time.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(() => done == 1);
        work.SetResult();
        await shown;

        Assert.Equal("Replaying 25 % 1 of 4" + Environment.NewLine, _error.ToString());
    }

    [Fact]
    public async Task Short_work_prints_nothing_and_its_failure_is_the_display_s()
    {
        var work = Task.FromException(new InvalidOperationException("broken"));

        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => ProgressDisplay.ShowAsync("Replaying", work, () => default, _error, _time));

        Assert.Equal("broken", error.Message);
        Assert.Equal("", _error.ToString());
    }

    [Theory]
    [InlineData(5.0, 10.0, 50.0)]
    [InlineData(11.0, 10.0, 100.0)]
    [InlineData(5.0, null, null)]
    [InlineData(0.0, 0.0, null)]
    public void A_percentage_needs_a_known_end(double done, double? total, double? percent) =>
        Assert.Equal(percent, new ProgressStep(done, total, "").Percent);

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Yield();
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        }
    }
}
