namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>Gives the client that reads; a broken one is replaced, and closes when its readers have left it.</summary>
internal sealed class ReadingClients(KafkaClients clients, string topic, long partitionBytes)
{
    private readonly Lock _lock = new();
    private readonly List<ReadingClient> _all = [];
    private ReadingClient? _current;

    public ReadingClient Current()
    {
        lock (_lock)
        {
            if (_current is { Broken: not null } broken)
            {
                KafkaMeters.Rebuilt("consumer");
                broken.GiveUp();
                _current = null;
            }

            if (_current is null)
            {
                _all.RemoveAll(client => client.Closed.IsCompleted);
                _all.Add(_current = new ReadingClient(clients, topic, partitionBytes));
            }

            return _current;
        }
    }

    /// <summary>Waits until all clients are closed; the readers have left them before.</summary>
    public Task CloseAsync()
    {
        lock (_lock)
        {
            _current?.GiveUp();
            return Task.WhenAll(_all.Select(client => client.Closed));
        }
    }
}
