using System.Text;
using System.Text.Json;

namespace IotAnalytics.Core.Simulation.Replay;

/// <summary>One JSON object per line, passed on byte for byte; blank lines are left out.</summary>
internal sealed class NdjsonReplayReader(string file, Stream stream, ReplayOptions options) : ReplayReader(file, options)
{
    private const int MaxLineBytes = 256 * 1024;

    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;
    private bool _ended;
    private long _line;

    public override async ValueTask<bool> ReadAsync(ReplayRow row, CancellationToken cancellationToken)
    {
        while (true)
        {
            var length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (length < 0 && !_ended)
            {
                await FillAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (length < 0 && _start == _end)
            {
                return false;
            }

            var begin = _start;
            _start = length < 0 ? _end : begin + length + 1;
            _line++;
            var text = _buffer.AsSpan(begin, (length < 0 ? _end : begin + length) - begin).Trim(" \t\r\uFEFF"u8);
            if (!text.IsEmpty)
            {
                Take(text, row);
                return true;
            }
        }
    }

    public override ValueTask DisposeAsync() => stream.DisposeAsync();

    protected override string Where => $"line {_line}";

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        if (_end == _buffer.Length)
        {
            if (_end >= MaxLineBytes)
            {
                throw BadFile($"line {_line + 1} is longer than {MaxLineBytes} bytes; NDJSON has one reading a line");
            }

            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        try
        {
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            _ended = read == 0;
            _end += read;
        }
        catch (InvalidDataException e)
        {
            throw BadFile($"cannot be read after line {_line} ({e.Message.TrimEnd('.')})", e);
        }
    }

    private void Take(ReadOnlySpan<byte> text, ReplayRow row)
    {
        var id = default(ReadOnlySpan<byte>);
        var timeStart = -1;
        var time = default(ReadOnlySpan<byte>);
        try
        {
            var json = new Utf8JsonReader(text);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                throw BadRow("not a JSON object; NDJSON has one reading a line");
            }

            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var isId = json.ValueTextEquals(SensorIdColumn);
                var isTime = json.ValueTextEquals(TimestampColumn);
                json.Read();
                if (isId && json.TokenType == JsonTokenType.String)
                {
                    id = json.ValueSpan;
                }
                else if (isTime && json.TokenType is JsonTokenType.String or JsonTokenType.Number)
                {
                    time = json.ValueSpan;
                    timeStart = (int)json.TokenStartIndex;
                }

                json.Skip();
            }

            // Reads on to the end: what follows the object is an error too.
            while (json.Read())
            {
            }
        }
        catch (JsonException e)
        {
            throw BadRow($"not JSON ({e.Message.Split(" LineNumber", 2)[0].TrimEnd('.')})");
        }

        if (id.IsEmpty || timeStart < 0)
        {
            throw BadRow($"no {(id.IsEmpty ? SensorIdColumn : TimestampColumn)}; a reading has sensor_id, timestamp and measurements");
        }

        row.Clear();
        row.SensorHash = ReplayRow.Hash(id);
        AppendWithTime(row, text, time, timeStart);
        row.Append("\n"u8);
    }

    private void AppendWithTime(ReplayRow row, ReadOnlySpan<byte> text, ReadOnlySpan<byte> time, int timeStart)
    {
        var cell = Encoding.UTF8.GetString(time);
        var kind = ReplayTimestamp.Parse(cell, out var unixMs);
        row.EventMs = unixMs;
        if (kind is ReplayTimestamp.Kind.Iso or ReplayTimestamp.Kind.Integer)
        {
            row.Append(text);
        }
        else if (kind == ReplayTimestamp.Kind.Other || (kind == ReplayTimestamp.Kind.WithoutZone && Options.AssumeUtc))
        {
            row.Append(text[..timeStart]);
            row.AppendTime(unixMs);
            row.Append(text[(timeStart + time.Length + 2)..]);
        }
        else
        {
            throw BadTime(kind, cell);
        }
    }
}
