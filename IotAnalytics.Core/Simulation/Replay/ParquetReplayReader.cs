using System.Globalization;
using System.IO.Compression;
using Parquet;
using Parquet.Schema;

namespace IotAnalytics.Core.Simulation.Replay;

/// <summary>
/// Parquet with a text column <c>sensor_id</c>, a <c>timestamp</c> column (timestamp, text or 64-bit integer of milliseconds) and numeric
/// measurements. One row group is in memory at a time.
/// </summary>
internal sealed class ParquetReplayReader : ReplayReader
{
    private readonly ParquetReader _parquet;
    private readonly Stream _content;
    private readonly DataField _sensorId;
    private readonly DataField _timestamp;
    private readonly (DataField Field, byte[] JsonName)[] _measurements;
    private readonly double[][] _values;
    private string?[] _ids = [];
    private string?[] _times = [];
    private int _group = -1;
    private int _row;
    private int _rows;
    private long _rowsBefore;

    private ParquetReplayReader(string file, ParquetReader parquet, Stream content, ReplayOptions options)
        : base(file, options)
    {
        _parquet = parquet;
        _content = content;
        var fields = parquet.Schema.GetDataFields();
        _sensorId = Find(fields, SensorIdColumn);
        _timestamp = Find(fields, TimestampColumn);
        _measurements = [.. fields.Where(f => f != _sensorId && f != _timestamp).Select(f => (f, JsonName(f.Name)))];
        _values = [.. _measurements.Select(_ => Array.Empty<double>())];
        if (_measurements.Length == 0)
        {
            throw BadFile($"no measurement beside {SensorIdColumn} and {TimestampColumn}");
        }

        if (_measurements.FirstOrDefault(m => m.Field.IsArray || !ParquetColumns.IsNumber(m.Field)).Field is { } odd)
        {
            throw BadFile($"column {odd.Path} is not numeric ({odd.ClrType.Name}); accepted are numbers beside {SensorIdColumn} and {TimestampColumn}");
        }

        if (!ParquetColumns.IsText(_sensorId) || !ParquetColumns.IsTime(_timestamp))
        {
            throw BadFile($"{SensorIdColumn} must be text and {TimestampColumn} a timestamp, text or 64-bit integer; they are {_sensorId.ClrType.Name} and {_timestamp.ClrType.Name}");
        }
    }

    /// <param name="gzip">The Parquet file is within gzip: it is unpacked to a temporary file first, since it must be read from its end.</param>
    public static async Task<ParquetReplayReader> OpenAsync(
        string file, FileStream raw, bool gzip, ReplayOptions options, CancellationToken cancellationToken)
    {
        var content = gzip ? await UnpackAsync(raw, cancellationToken).ConfigureAwait(false) : raw;
        try
        {
            var parquet = await ParquetReader.CreateAsync(content, leaveStreamOpen: true, cancellationToken: cancellationToken).ConfigureAwait(false);
            return new ParquetReplayReader(file, parquet, content, options);
        }
        catch (Exception e) when (e is not (ReplayFormatException or OperationCanceledException))
        {
            throw new ReplayFormatException($"{file}: damaged Parquet file ({e.Message.TrimEnd('.')}).", rowOnly: false, e);
        }
    }

    public override async ValueTask<bool> ReadAsync(ReplayRow row, CancellationToken cancellationToken)
    {
        while (_row == _rows)
        {
            if (_group + 1 >= _parquet.RowGroupCount)
            {
                return false;
            }

            await LoadGroupAsync(cancellationToken).ConfigureAwait(false);
        }

        var at = _row++;
        AppendHead(row, _ids[at], _times[at]);
        for (var m = 0; m < _measurements.Length; m++)
        {
            var value = _values[m][at];
            if (double.IsFinite(value))
            {
                row.Append(_measurements[m].JsonName);
                row.AppendNumber(value);
            }
            else if (!double.IsNaN(value))
            {
                throw BadRow($"{_measurements[m].Field.Name} is infinite");
            }
        }

        row.Append("}\n"u8);
        return true;
    }

    public override async ValueTask DisposeAsync()
    {
        await _parquet.DisposeAsync().ConfigureAwait(false);
        await _content.DisposeAsync().ConfigureAwait(false);
    }

    protected override string Where => $"row {_rowsBefore + _row}";

    private async Task LoadGroupAsync(CancellationToken cancellationToken)
    {
        _rowsBefore += _rows;
        _group++;
        _row = 0;
        try
        {
            using var group = _parquet.OpenRowGroupReader(_group);
            _rows = checked((int)group.RowCount);
            _ids = await ParquetColumns.ReadTextAsync(group, _sensorId, _rows, cancellationToken).ConfigureAwait(false);
            _times = await ParquetColumns.ReadTimesAsync(group, _timestamp, _rows, cancellationToken).ConfigureAwait(false);
            for (var m = 0; m < _measurements.Length; m++)
            {
                _values[m] = await ParquetColumns.ReadNumbersAsync(group, _measurements[m].Field, _rows, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw BadFile(string.Create(CultureInfo.InvariantCulture, $"row group {_group} cannot be read ({e.Message.TrimEnd('.')})"), e);
        }
    }

    private DataField Find(DataField[] fields, string column) =>
        Array.Find(fields, f => f.Path.ToString() == column)
        ?? throw BadFile($"no column {column}; needed are {SensorIdColumn}, {TimestampColumn} and a measurement, the file has {Shown(string.Join(", ", fields.Select(f => f.Path)))}");

    private static async Task<Stream> UnpackAsync(FileStream raw, CancellationToken cancellationToken)
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose | FileOptions.Asynchronous);
        var unpacked = new GZipStream(raw, CompressionMode.Decompress, leaveOpen: true);
        await using (unpacked.ConfigureAwait(false))
        {
            await unpacked.CopyToAsync(file, cancellationToken).ConfigureAwait(false);
        }

        file.Position = 0;
        return file;
    }
}
