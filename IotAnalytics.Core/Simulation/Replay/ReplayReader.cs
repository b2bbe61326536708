using System.Text;
using System.Text.Json;

namespace IotAnalytics.Core.Simulation.Replay;

/// <summary>Reads the readings of one file in order, as NDJSON lines.</summary>
internal abstract class ReplayReader(string file, ReplayOptions options) : IAsyncDisposable
{
    protected const string SensorIdColumn = "sensor_id";
    protected const string TimestampColumn = "timestamp";
    private const int MaxIdLength = 128;
    private static readonly System.Buffers.SearchValues<char> IdCharacters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/-");

    /// <summary>The file's name as the user gave it.</summary>
    protected string File { get; } = file;

    /// <summary>The place of the row that was read last: <c>line 7</c>.</summary>
    protected abstract string Where { get; }

    protected ReplayOptions Options { get; } = options;

    /// <summary>Reads the next row into <paramref name="row"/>; false at the end.</summary>
    /// <exception cref="ReplayFormatException">The row or the file cannot be read.</exception>
    public abstract ValueTask<bool> ReadAsync(ReplayRow row, CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();

    /// <summary>Appends <c>{"sensor_id":"…","timestamp":…</c> and sets what the replay needs to know.</summary>
    protected void AppendHead(ReplayRow row, ReadOnlySpan<char> sensorId, ReadOnlySpan<char> timestamp)
    {
        if (sensorId.Length is 0 or > MaxIdLength || sensorId.ContainsAnyExcept(IdCharacters))
        {
            throw BadRow($"sensor_id '{Shown(sensorId)}' is not 1 to {MaxIdLength} of A-Z a-z 0-9 . _ : / -");
        }

        row.Clear();
        row.Append("{\"sensor_id\":\""u8);
        row.AppendAscii(sensorId);
        row.SensorHash = ReplayRow.Hash(row.Line.Span[14..]);
        row.Append("\",\"timestamp\":"u8);
        var kind = ReplayTimestamp.Parse(timestamp, out var unixMs);
        row.EventMs = unixMs;
        switch (kind)
        {
            case ReplayTimestamp.Kind.Iso:
                row.Append("\""u8);
                row.AppendAscii(timestamp);
                row.Append("\""u8);
                break;
            case ReplayTimestamp.Kind.Integer:
                row.AppendAscii(timestamp);
                break;
            case ReplayTimestamp.Kind.Other:
            case ReplayTimestamp.Kind.WithoutZone when Options.AssumeUtc:
                row.AppendTime(unixMs);
                break;
            default:
                throw BadTime(kind, timestamp);
        }
    }

    protected ReplayFormatException BadTime(ReplayTimestamp.Kind kind, ReadOnlySpan<char> timestamp) => BadRow(
        kind == ReplayTimestamp.Kind.WithoutZone
            ? $"timestamp '{Shown(timestamp)}' has no zone; accepted: {ReplayTimestamp.Accepted}; --assume-utc takes it as UTC"
            : $"timestamp '{Shown(timestamp)}' is not a time; accepted: {ReplayTimestamp.Accepted}");

    /// <summary>The measurement's name as <c>,"name":</c>.</summary>
    protected static byte[] JsonName(string name) => Encoding.UTF8.GetBytes($",\"{JsonEncodedText.Encode(name)}\":");

    protected ReplayFormatException BadRow(string what) => new($"{File}, {Where}: {what}.", rowOnly: true);

    protected ReplayFormatException BadFile(string what, Exception? inner = null) => new($"{File}: {what}.", rowOnly: false, inner);

    protected static string Shown(ReadOnlySpan<char> text) =>
        (text.Length <= 40 ? text.ToString() : string.Concat(text[..40], "…")).ReplaceLineEndings(" ");
}
