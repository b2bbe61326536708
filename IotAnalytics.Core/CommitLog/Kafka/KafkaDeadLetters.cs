using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace IotAnalytics.Core.CommitLog.Kafka;

/// <summary>
/// Sends dead letters to a topic of their own. A topic that does not take them never holds the readings up for long: the wait is bounded, and after a
/// failure nothing is waited for within a minute. Safe for several threads.
/// </summary>
internal sealed class KafkaDeadLetters : IDisposable
{
    private const long TroubleMs = 60_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FlushAtClose = TimeSpan.FromSeconds(5);
    private readonly IProducer<byte[]?, byte[]> _producer;
    private readonly string _topic;
    private readonly string _source;
    private readonly ILogger _logger;
    private long _troubleUntil;

    /// <param name="topic">The dead letters' own.</param>
    /// <param name="source">Name of the topic that the readings are in.</param>
    public KafkaDeadLetters(KafkaClients clients, KafkaTopic topic, string source, ILogger logger)
    {
        (_topic, _source, _logger) = (topic.Name, source, logger);
        _producer = clients.Producer<byte[]?>(topic.MaxMessageBytes, error => Trouble(error.Reason, 0));
    }

    public async ValueTask SendAsync(int partition, IReadOnlyList<ForwardedDeadLetter> letters)
    {
        var reports = new Task[letters.Count];
        for (var i = 0; i < letters.Count; i++)
        {
            reports[i] = Send(partition, letters[i]);
        }

        if (Environment.TickCount64 < Interlocked.Read(ref _troubleUntil))
        {
            return;
        }

        try
        {
            await Task.WhenAll(reports).WaitAsync(Patience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The letters that fail later are counted then.
            Trouble($"no acknowledgement within {Patience.TotalSeconds} s", 0);
        }
    }

    public void Dispose()
    {
        _producer.Flush(FlushAtClose);
        _producer.Dispose();
    }

    /// <summary>Completes with the report, whatever it says.</summary>
    private Task Send(int partition, ForwardedDeadLetter letter)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            _producer.Produce(
                _topic,
                Message(partition, letter),
                report =>
                {
                    if (report.Error.IsError || report.Status == PersistenceStatus.NotPersisted)
                    {
                        Trouble(report.Error.Reason, 1);
                    }

                    done.SetResult();
                });
        }
        catch (KafkaException e)
        {
            Trouble(e.Error.Reason, 1);
            done.SetResult();
        }

        return done.Task;
    }

    private Message<byte[]?, byte[]> Message(int partition, ForwardedDeadLetter letter)
    {
        var headers = new Headers
        {
            Header("iot.reason", letter.Reason),
            Header("iot.topic", _source),
            Header("iot.partition", partition.ToString(CultureInfo.InvariantCulture)),
            Header("iot.offset", letter.Offset.ToString(CultureInfo.InvariantCulture)),
            Header("iot.item", letter.Item.ToString(CultureInfo.InvariantCulture)),
            Header("iot.record_time", letter.RecordTimeMs.ToString(CultureInfo.InvariantCulture)),
        };
        if (letter.Detail is not null)
        {
            headers.Add(Header("iot.detail", letter.Detail));
        }

        return new Message<byte[]?, byte[]> { Key = letter.Key.IsEmpty ? null : letter.Key.ToArray(), Value = letter.Payload, Headers = headers };
    }

    private static Header Header(string name, string value) => new(name, Encoding.UTF8.GetBytes(value));

    /// <param name="lost">Letters that the topic will not have.</param>
    private void Trouble(string reason, int lost)
    {
        KafkaMeters.DeadLettersLost.Add(lost);
        var now = Environment.TickCount64;
        var until = Interlocked.Exchange(ref _troubleUntil, now + TroubleMs);
        if (now >= until)
        {
            Log.DeadLettersNotSent(_logger, _topic, reason);
        }
    }
}
