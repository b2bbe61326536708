using System.Buffers;
using IotAnalytics.Core.Simulation.Targets;

namespace IotAnalytics.Core.Simulation.Replay;

/// <summary>The readings of some of the sensors: one body fills while at most one is under way, so their order holds.</summary>
internal sealed class ReplayLane(IReadingsTarget target)
{
    private ArrayBufferWriter<byte> _filling = new(64 * 1024);
    private ArrayBufferWriter<byte> _sending = new(64 * 1024);
    private Task _underWay = Task.CompletedTask;

    /// <summary>Readings of the body that fills.</summary>
    public int Readings { get; private set; }

    /// <summary>Bytes of the body that fills.</summary>
    public int Bytes => _filling.WrittenCount;

    public void Add(ReadOnlySpan<byte> line)
    {
        _filling.Write(line);
        Readings++;
    }

    /// <summary>Waits until the body under way is answered, then sends the one that fills.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await _underWay.ConfigureAwait(false);
        if (Readings > 0)
        {
            (_filling, _sending) = (_sending, _filling);
            _filling.ResetWrittenCount();
            Readings = 0;
            _underWay = target.SendAsync(_sending.WrittenMemory, cancellationToken);
        }
    }

    /// <summary>Waits until the body under way is answered.</summary>
    public Task DrainAsync() => _underWay;
}
