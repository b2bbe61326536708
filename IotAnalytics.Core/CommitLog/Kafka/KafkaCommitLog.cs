using System.Collections.Concurrent;
using Confluent.Kafka;
using IotAnalytics.Core.CommitLog.Embedded;
using IotAnalytics.Core.CommitLog.Kafka.Native;
using IotAnalytics.Core.Persistence;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>
/// The commit log in a Kafka topic. The consumer group says which partitions are this host's; offsets come from the caller, never from the group. Kafka keeps
/// records by its own retention: <see cref="TrimAsync"/> only commits the offset for lag tools.
/// </summary>
internal sealed class KafkaCommitLog(
    DataDirectory directory, IOptions<KafkaLogOptions> options, DatabaseReader reader, DatabaseWriter writer, TimeProvider time, ILogger<KafkaCommitLog> logger) : ICommitLog
{
    internal const string Closing = "The commit log is closing.";

    /// <summary>How long a record that should be there may take to come, where only its time is wanted.</summary>
    private static readonly TimeSpan PeekWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SlowPeekWait = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan CallsAtClose = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RefreshWait = TimeSpan.FromSeconds(5);

    private readonly RequestStore _requests = new(reader, writer, time);
    private readonly Lock _lock = new();
    private Task<Connection>? _connecting;
    private Opened? _opened;
    private volatile bool _closed;

    public LogSource Source => new("kafka", State.Topic.ClusterId, State.Topic.Name, State.Topic.TopicId);

    public int PartitionCount => State.PartitionCount;

    public bool KeepsRecordTime => State.Topic.TimestampType != "LogAppendTime";

    public bool ForwardsDeadLetters => State.DeadLetters is not null;

    private Opened State => _opened ?? throw new InvalidOperationException("The commit log is not open.");

    public Task ConnectAsync(CancellationToken cancellationToken) => _connecting = Connection.OpenAsync(options.Value, logger, cancellationToken);

    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (_opened is not null)
        {
            throw new InvalidOperationException("The commit log is open already.");
        }

        // The log is elsewhere, but database and spool are in the folder, which is one host's alone.
        var folder = LogLock.Take(directory, time);
        try
        {
            var connection = await (_connecting ??= Connection.OpenAsync(options.Value, logger, cancellationToken)).ConfigureAwait(false);
            var topic = connection.Topic ?? await connection.FindOrMakeAsync(options.Value, logger, cancellationToken).ConfigureAwait(false);
            var deadLetters = options.Value.DeadLetterTopic.Length == 0
                ? null
                : await connection.FindOrMakeAsync(options.Value.OfDeadLetters(), logger, cancellationToken).ConfigureAwait(false);
            _opened = new Opened(folder, connection, topic, options.Value, Grow, Rest, time, logger)
            {
                DeadLetters = deadLetters is null ? null : new KafkaDeadLetters(connection.Clients, deadLetters, topic.Name, logger),
            };
            Log.Opened(logger, topic.ClusterId, topic.Name, topic.TopicId, topic.Partitions, topic.TimestampType, Library.VersionString, Librdkafka.Functions.Name);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    public void BeginAssignment() => State.Membership.Begin();

    public async ValueTask<AppendResult> AppendAsync(IReadOnlyList<LogRecord> records, IdempotentRequest? request, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(records.Count);
        cancellationToken.ThrowIfCancellationRequested();
        var state = State;
        for (var i = 0; i < records.Count; i++)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)records[i].Partition, (uint)state.PartitionCount);
        }

        ThrowIfClosed();
        if (state.Upkeep.Failure is { } failure)
        {
            throw new LogUnavailableException(failure.Message, failure);
        }

        return request is null
            ? new AppendResult(await state.Appender.AppendAsync(records).ConfigureAwait(false), Earlier: null)
            : await _requests.AppendOnceAsync(request, () => state.Appender.AppendAsync(records), cancellationToken).ConfigureAwait(false);
    }

    public ValueTask ForwardDeadLettersAsync(int partition, IReadOnlyList<ForwardedDeadLetter> letters) => State.DeadLetters?.SendAsync(partition, letters) ?? ValueTask.CompletedTask;

    public async ValueTask<IdempotentRequest?> FindRequestAsync(string key, CancellationToken cancellationToken) =>
        await _requests.FindAsync(key, cancellationToken).ConfigureAwait(false);

    public Task RunAssignmentAsync(IPartitionOwner owner, CancellationToken cancellationToken) => State.Membership.RunAsync(owner, cancellationToken);

    public async ValueTask ReadAsync(int partition, long offset, RecordBatch into, int maxBytes, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        into.Clear();
        cancellationToken.ThrowIfCancellationRequested();
        await Reader(partition).ReadAsync(offset, into, maxBytes, maxWait, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<LogBounds> GetBoundsAsync(int partition, CancellationToken cancellationToken) => State.Bounds.GetAsync(partition, cancellationToken);

    public async ValueTask<long> GetFirstOffsetAsync(int partition, CancellationToken cancellationToken)
    {
        // Checked at the start.
        _ = StartPlace.TryParse(options.Value.StartFrom, out var place);
        if (place.TimeMs is { } time)
        {
            return await State.Bounds.FindAsync(partition, time, cancellationToken).ConfigureAwait(false);
        }

        var bounds = await State.Bounds.GetOnceMoreAsync(partition, cancellationToken).ConfigureAwait(false);
        return place.AtLatest ? bounds.HighWatermark : bounds.Start;
    }

    public async ValueTask<long?> GetRecordTimeAsync(int partition, long offset, CancellationToken cancellationToken)
    {
        var state = State;
        var bounds = await state.Bounds.GetAsync(partition, cancellationToken).ConfigureAwait(false);
        offset = Math.Max(offset, bounds.Start);
        if (offset >= bounds.HighWatermark)
        {
            return null;
        }

        // Where the reading stands the record is at hand; anywhere else a consumer is made for it, so that the reading is not disturbed.
        if (state.Readers.TryGetValue(partition, out var standing) && standing.StandsAt(offset))
        {
            return await standing.PeekAsync(offset, PeekWait, cancellationToken).ConfigureAwait(false);
        }

        var client = new ReadingClients(state.Clients, state.Topic.Name, partitionBytes: 1 << 20);
        try
        {
            await using var other = MakeReader(state, client, partition, new KafkaBounds(state.Lookup, state.LookupCalls, state.Topic.Name));
            return await other.PeekAsync(offset, SlowPeekWait, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await client.CloseAsync().ConfigureAwait(false);
        }
    }

    public ValueTask TrimAsync(int partition, long offset, CancellationToken cancellationToken)
    {
        State.Upkeep.Processed(partition, offset);
        return ValueTask.CompletedTask;
    }

    /// <summary>Safe to call twice, and before the log was opened.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_closed)
        {
            return;
        }

        PartitionReader[] readers;
        lock (_lock)
        {
            _closed = true;
            readers = _opened is null ? [] : [.. _opened.Readers.Values];
        }

        if (_opened is null)
        {
            if (_connecting is { IsCompletedSuccessfully: true, Result: var unused })
            {
                await Task.Run(unused.Dispose).ConfigureAwait(false);
            }

            return;
        }

        await Task.WhenAll(readers.Select(r => r.DisposeAsync().AsTask())).ConfigureAwait(false);
        await _opened.Reading.CloseAsync().ConfigureAwait(false);
        await Task.Run(_opened.Membership.Abandon).ConfigureAwait(false);
        await _opened.Upkeep.DisposeAsync().ConfigureAwait(false);
        await Task.Run(_opened.Appender.Dispose).ConfigureAwait(false);
        if (_opened.DeadLetters is { } deadLetters)
        {
            await Task.Run(deadLetters.Dispose).ConfigureAwait(false);
        }

        // A client that is disposed under a call ends the process; one that is left behind ends with it.
        var calls = _opened.LookupCalls.CloseAsync();
        if (await Task.WhenAny(calls, Task.Delay(CallsAtClose)).ConfigureAwait(false) == calls)
        {
            await Task.Run(_opened.Connection.Dispose).ConfigureAwait(false);
        }

        _opened.Folder.Dispose();
        Log.Closed(logger, _opened.Topic.Name);
    }

    private PartitionReader Reader(int partition)
    {
        var state = State;
        if (state.Readers.TryGetValue(partition, out var existing) && !_closed)
        {
            return existing;
        }

        lock (_lock)
        {
            ThrowIfClosed();
            return state.Readers.GetOrAdd(partition, p => MakeReader(state, state.Reading, p, state.Bounds));
        }
    }

    private PartitionReader MakeReader(Opened state, ReadingClients clients, int partition, KafkaBounds bounds) =>
        new(clients, partition, bounds, () => state.Upkeep.Failure, logger);

    private void ThrowIfClosed()
    {
        if (_closed)
        {
            throw new LogUnavailableException(Closing);
        }
    }

    /// <summary>The topic has become larger. The producer hears of it first: then nothing is refused.</summary>
    private void Grow(int partitions)
    {
        var state = State;
        lock (_lock)
        {
            if (partitions <= state.PartitionCount || _closed)
            {
                return;
            }

            Log.PartitionsGrown(logger, state.Topic.Name, partitions, state.PartitionCount);
            try
            {
                state.Appender.Refresh(RefreshWait);
            }
            catch (KafkaException)
            {
                // It looks by itself once a minute; until then some appends are refused, with a reason to try again.
            }

            state.PartitionCount = partitions;
        }
    }

    /// <summary>The partition is another host's now: nothing more is fetched of it or committed for it.</summary>
    private void Rest(int partition)
    {
        var state = State;
        state.Upkeep.Forget(partition);
        if (state.Readers.TryGetValue(partition, out var reader))
        {
            state.Resting = Task.WhenAll(state.Resting, reader.RestAsync());
        }
    }

    /// <summary>The clients that ask the cluster, and the topic as it was found.</summary>
    /// <param name="Topic">Null: there was none.</param>
    private sealed record Connection(KafkaClients Clients, IConsumer<Ignore, Ignore> Lookup, IAdminClient Admin, KafkaTopic? Topic) : IDisposable
    {
        public static async Task<Connection> OpenAsync(KafkaLogOptions options, ILogger logger, CancellationToken cancellationToken)
        {
            var clients = new KafkaClients(options, logger);
            var lookup = clients.Lookup();
            var admin = KafkaClients.Admin(lookup);
            try
            {
                return new Connection(clients, lookup, admin, await KafkaTopic.LookAsync(admin, clients, options, logger, cancellationToken).ConfigureAwait(false));
            }
            catch
            {
                admin.Dispose();
                lookup.Dispose();
                throw;
            }
        }

        public Task<KafkaTopic> FindOrMakeAsync(KafkaLogOptions options, ILogger logger, CancellationToken cancellationToken) =>
            KafkaTopic.OpenAsync(Admin, Clients, options, logger, cancellationToken);

        public void Dispose()
        {
            Admin.Dispose();
            Lookup.Dispose();
        }
    }

    /// <summary>What is there while the log is open.</summary>
    private sealed class Opened
    {
        private volatile int _partitionCount;

        public Opened(
            LogLock folder, Connection connection, KafkaTopic topic, KafkaLogOptions options, Action<int> grow, Action<int> rest, TimeProvider time, ILogger logger)
        {
            (Folder, Connection, Topic, _partitionCount) = (folder, connection, topic, topic.Partitions);
            var (clients, admin) = (connection.Clients, connection.Admin);
            Bounds = new KafkaBounds(Lookup, LookupCalls, topic.Name);
            Appender = new KafkaAppender(clients, topic, Bounds, logger);
            Reading = new ReadingClients(clients, topic.Name, options.FetchAheadBytes / topic.Partitions);
            Upkeep = new KafkaUpkeep(admin, Bounds, topic, options.GroupId, Commit, grow, time, logger);
            Membership = new KafkaMembership(clients, topic, options.GroupId, admin, rest, logger)
            {
                Grown = grow,
                Leaving = () => Upkeep.CommitAsync(CancellationToken.None).GetAwaiter().GetResult(),
            };
        }

        public LogLock Folder { get; }
        public Connection Connection { get; }
        public IConsumer<Ignore, Ignore> Lookup => Connection.Lookup;
        public KafkaClients Clients => Connection.Clients;
        public KafkaTopic Topic { get; }
        public KafkaBounds Bounds { get; }
        public KafkaAppender Appender { get; }
        public KafkaDeadLetters? DeadLetters { get; init; }
        public KafkaUpkeep Upkeep { get; }
        public KafkaMembership Membership { get; }
        public ReadingClients Reading { get; }
        public ClientCalls LookupCalls { get; } = new();
        public ConcurrentDictionary<int, PartitionReader> Readers { get; } = new();

        /// <summary>Readers that let go of a partition. Written by the membership's thread only.</summary>
        public Task Resting { get; set; } = Task.CompletedTask;

        public int PartitionCount
        {
            get => _partitionCount;
            set => _partitionCount = value;
        }

        /// <summary>A stranger may commit only into a group without members.</summary>
        private void Commit(List<TopicPartitionOffset> offsets)
        {
            if (!Membership.TryCommit(offsets))
            {
                LookupCalls.TryRun(() => Lookup.Commit(offsets));
            }
        }
    }
}
