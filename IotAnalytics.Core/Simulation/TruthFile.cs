using System.Text.Json;

namespace IotAnalytics.Core.Simulation;

/// <summary>
/// Writes the truth as NDJSON: <c>{"sensor_id","timestamp","fault",&lt;measurements as sent&gt;}</c>, a line per reading due.
/// Safe for several threads; batches stay whole.
/// </summary>
internal sealed class TruthFile : IAsyncDisposable
{
    private readonly string[] _measurements;
    private readonly FileStream _file;
    private readonly SemaphoreSlim _writing = new(1, 1);

    /// <param name="path">Created or replaced.</param>
    /// <param name="measurements">Names in the profile's order.</param>
    public TruthFile(string path, IEnumerable<string> measurements)
    {
        _measurements = [.. measurements];
        _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 65_536, useAsync: true);
    }

    public async Task WriteAsync(IReadOnlyList<TruthRow> rows, CancellationToken cancellationToken)
    {
        using var lines = new MemoryStream();
        foreach (var row in rows)
        {
            using (var json = new Utf8JsonWriter(lines))
            {
                Write(json, row);
            }

            lines.WriteByte((byte)'\n');
        }

        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _file.WriteAsync(lines.GetBuffer().AsMemory(0, (int)lines.Length), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _file.DisposeAsync().ConfigureAwait(false);
        _writing.Dispose();
    }

    private void Write(Utf8JsonWriter json, TruthRow row)
    {
        Span<byte> time = stackalloc byte[IsoTime.Length];
        IsoTime.Write(time, row.EventMs);
        json.WriteStartObject();
        json.WriteString("sensor_id", row.SensorId);
        json.WriteString("timestamp", time);
        json.WriteString("fault", row.Fault.ToName());
        for (var m = 0; m < row.Values.Length; m++)
        {
            json.WriteNumber(_measurements[m], row.Values[m]);
        }

        json.WriteEndObject();
    }
}
