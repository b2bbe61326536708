using System.Text;
using IotAnalytics.Core.CommitLog;
using IotAnalytics.Core.CommitLog.Kafka;
using IotAnalytics.Tests.Fixtures;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Tests.CommitLog.Kafka;

/// <summary>Several logs of one consumer group divide the partitions of a topic on a real broker.</summary>
[Collection(KafkaTests.Name)]
public sealed class KafkaMembershipTests(KafkaBroker broker) : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly string _topic = broker.NewTopic();
    private readonly List<Member> _members = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members)
        {
            await member.LeaveAsync();
        }
    }

    [Fact]
    public async Task Hosts_divide_the_partitions_as_they_come_and_go()
    {
        var first = await JoinAsync(partitions: 6);
        await first.Owner.UntilAsync(o => o.Held.Length == 6, Limit, Token);

        var second = await JoinAsync();
        await second.Owner.UntilAsync(o => o.Held.Length == 3, Limit, Token);
        await first.Owner.UntilAsync(o => o.Held.Length == 3, Limit, Token);
        Assert.Empty(first.Owner.Held.Intersect(second.Owner.Held));

        var third = await JoinAsync();
        await third.Owner.UntilAsync(o => o.Held.Length == 2, Limit, Token);
        await first.Owner.UntilAsync(o => o.Held.Length == 2, Limit, Token);
        await second.Owner.UntilAsync(o => o.Held.Length == 2, Limit, Token);
        Assert.Equal(Enumerable.Range(0, 6), _members.SelectMany(m => m.Owner.Held).Order());

        await first.LeaveAsync();
        await second.Owner.UntilAsync(o => o.Held.Length == 3, Limit, Token);
        await third.Owner.UntilAsync(o => o.Held.Length == 3, Limit, Token);
        Assert.Empty(first.Owner.Held);
        Assert.Equal(0, _members.Sum(m => m.Owner.LostCount));
    }

    [Fact]
    public async Task A_host_that_the_group_has_no_partition_for_belongs_to_it_and_takes_over()
    {
        var first = await JoinAsync(partitions: 1);
        await first.Owner.UntilAsync(o => o.Held.Length == 1, Limit, Token);
        var spare = await JoinAsync();
        await spare.Owner.UntilAsync(o => o.Joined, Limit, Token);
        Assert.Single(_members.SelectMany(m => m.Owner.Held));

        var holder = _members.Single(m => m.Owner.Held.Length == 1);
        await holder.LeaveAsync();
        await _members.Single(m => m != holder).Owner.UntilAsync(o => o.Held.Length == 1, Limit, Token);
    }

    [Fact]
    public async Task Offsets_are_committed_while_the_group_has_members()
    {
        var host = await JoinAsync(partitions: 2);
        var other = await JoinAsync();
        await host.Owner.UntilAsync(o => o.Held.Length == 1, Limit, Token);
        await other.Owner.UntilAsync(o => o.Held.Length == 1, Limit, Token);
        var partition = host.Owner.Held[0];
        await host.Log.AppendAsync([new LogRecord(partition, 1, "a"u8.ToArray()), new LogRecord(partition, 1, "b"u8.ToArray())], request: null, Token);
        await host.Log.TrimAsync(partition, 2, Token);

        await host.LeaveAsync();

        Assert.Equal(2, await broker.CommittedAsync("iot-analytics", _topic, partition));
    }

    [Fact]
    public async Task A_partition_that_the_topic_gets_later_is_read_and_written_without_a_new_start()
    {
        var host = await JoinAsync(partitions: 1);
        await host.Owner.UntilAsync(o => o.Held.Length == 1, Limit, Token);
        await broker.AddPartitionsAsync(_topic, 3);

        await host.Owner.UntilAsync(o => o.Held.Length == 3, Limit, Token);
        Assert.Equal(3, host.Log.PartitionCount);
        await host.Log.AppendAsync([new LogRecord(2, 1, "new"u8.ToArray())], request: null, Token);
        using var batch = new RecordBatch();
        await host.Log.ReadAsync(2, 0, batch, 1_000, Limit, Token);
        Assert.Equal("new", Encoding.UTF8.GetString(batch.Value(0)));
    }

    [Fact]
    public async Task A_share_that_was_asked_for_early_is_told_of_when_the_owner_comes()
    {
        var host = await OpenAsync(partitions: 3);
        host.Log.BeginAssignment();
        await Task.Delay(500, Token);

        host.Join();
        await host.Owner.UntilAsync(o => o.Held.Length == 3, Limit, Token);
    }

    [Fact]
    public async Task A_host_whose_start_ends_after_it_asked_leaves_the_group_to_others()
    {
        var failed = await OpenAsync(partitions: 3);
        failed.Log.BeginAssignment();
        await Task.Delay(1_000, Token);
        await failed.LeaveAsync();

        // Far below the time after which the group would miss it by itself.
        var next = await JoinAsync();
        await next.Owner.UntilAsync(o => o.Held.Length == 3, TimeSpan.FromSeconds(8), Token);
    }

    private async Task<Member> JoinAsync(int partitions = 1)
    {
        var member = await OpenAsync(partitions);
        member.Join();
        return member;
    }

    private async Task<Member> OpenAsync(int partitions)
    {
        var database = new TestDatabase();
        var options = new KafkaLogOptions { BootstrapServers = await broker.StartAsync(), Topic = _topic, CreateTopic = true, Partitions = partitions };
        var log = new KafkaCommitLog(database.Directory, Options.Create(options), database.Reader, database.Writer, TimeProvider.System, NullLogger<KafkaCommitLog>.Instance);
        var member = new Member(database, log);
        _members.Add(member);
        await log.OpenAsync(Token);
        return member;
    }

    private sealed class Member(TestDatabase database, ICommitLog log)
    {
        private readonly CancellationTokenSource _leave = new();
        private Task _run = Task.CompletedTask;
        private bool _left;

        public ICommitLog Log => log;

        public RecordingOwner Owner { get; } = new();

        public void Join() => _run = log.RunAssignmentAsync(Owner, _leave.Token);

        public async Task LeaveAsync()
        {
            if (!_left)
            {
                _left = true;
                await _leave.CancelAsync();
                await _run;
                await log.DisposeAsync();
                await database.DisposeAsync();
                _leave.Dispose();
            }
        }
    }
}
