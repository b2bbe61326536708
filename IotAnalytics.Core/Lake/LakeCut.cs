using System.Runtime.ExceptionServices;
using IotAnalytics.Core.Lake.Files;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Readings;

namespace IotAnalytics.Core.Lake;

/// <summary>
/// The open cut of one partition: takes micro-batches, copies their rows into column buffers per table and UTC date, and hands each
/// full buffer to an encoder on another thread, which writes it as a row group to the spool. One caller at a time; the encoder works
/// through the buffers in the order in which they were handed over.
/// </summary>
internal sealed class LakeCut : IAsyncDisposable
{
    private readonly LakeCutContext _context;
    private readonly ReadingRows _readingRows;
    private readonly Dictionary<(LakeTable Table, int Day), LakeCutFile> _files = [];
    private readonly List<LakeCutFile> _touched = [];
    private readonly CancellationTokenSource _abandoned = new();
    private int[] _itemsOfRecord = [];
    private Task _encoding = Task.CompletedTask; // never fails: see _failure
    private volatile ExceptionDispatchInfo? _failure;
    private long _encodedBytes;
    private bool _isSealed;

    public LakeCut(LakeCutContext context, long firstOffset)
    {
        _context = context;
        _readingRows = new ReadingRows(context.Catalog);
        FirstOffset = NextOffset = firstOffset;
    }

    public long FirstOffset { get; }

    /// <summary>Offset after the last record taken.</summary>
    public long NextOffset { get; private set; }

    /// <summary>Rows of all three tables.</summary>
    public long Rows { get; private set; }

    /// <summary>Bytes written to the spool so far; what waits in memory is not counted.</summary>
    public long EncodedBytes => Interlocked.Read(ref _encodedBytes);

    /// <summary>Copies the batch: its records to bronze, its normal rows to silver, its anomalies to gold. Allocates nothing per row once
    /// the buffers have grown. Waits when the encoder is behind. A failed encoder (a full disk) surfaces here.</summary>
    /// <param name="modelVersionByProfile">By index of the profile in the catalog; null where no model scored.</param>
    public async ValueTask AddAsync(
        MicroBatch batch, SensorTable sensors, IReadOnlyList<string?> modelVersionByProfile, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isSealed, this);
        _failure?.Throw();
        await AddRecordsAsync(batch, cancellationToken).ConfigureAwait(false);
        await AddReadingsAsync(batch, sensors, modelVersionByProfile, cancellationToken).ConfigureAwait(false);
        await HandOverBeyondBudgetAsync(cancellationToken).ConfigureAwait(false);
        NextOffset = batch.NextOffset;
    }

    /// <summary>Encodes what is open and closes the files. The cut takes nothing more. On failure dispose the cut.</summary>
    public async Task<SealedCut> SealAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isSealed, this);
        _isSealed = true;
        foreach (var file in _files.Values)
        {
            if (file.Buffer is not null)
            {
                await HandOverAsync(file, cancellationToken).ConfigureAwait(false);
            }
        }

        await _encoding.WaitAsync(cancellationToken).ConfigureAwait(false);
        _failure?.Throw();
        var sealedFiles = new List<SealedFile>(_files.Count);
        foreach (var file in _files.Values.OrderBy(f => f.Table.Name, StringComparer.Ordinal).ThenBy(f => f.Day))
        {
            var written = await Task.Run(file.Finish, cancellationToken).ConfigureAwait(false);
            var date = ReadingRows.DateOf(file.Day);
            sealedFiles.Add(new SealedFile(
                written.Path,
                new LakeFile
                {
                    ObjectKey = file.Table.CutKey(date, _context.SourceId, _context.Partition, FirstOffset, NextOffset, _context.OwnerEpoch),
                    TableName = file.Table.Name,
                    SourceId = _context.SourceId,
                    Partition = _context.Partition,
                    FirstOffset = FirstOffset,
                    NextOffset = NextOffset,
                    OwnerEpoch = _context.OwnerEpoch,
                    PartitionDate = date,
                    RowCount = written.Rows,
                    ByteCount = written.Bytes,
                    Sha256 = written.Sha256,
                    Stats = written.Statistics,
                }));
        }

        // From here on the sealed cut owns the spool files.
        _files.Clear();
        LakeMeter.RecordCut(Rows, sealedFiles.Sum(f => f.File.ByteCount));
        return new SealedCut(_context, FirstOffset, NextOffset, sealedFiles);
    }

    /// <summary>Abandons the cut: waits for the encoder and deletes the spool files. After <see cref="SealAsync"/> succeeded there is nothing to do.</summary>
    public async ValueTask DisposeAsync()
    {
        _isSealed = true;
        if (_abandoned.IsCancellationRequested)
        {
            return;
        }

        await _abandoned.CancelAsync().ConfigureAwait(false);
        await _encoding.ConfigureAwait(false);
        foreach (var file in _files.Values)
        {
            if (file.Buffer is { } buffer)
            {
                file.Buffer = null;
                _context.Encoders.Return(buffer);
            }

            file.Abandon(_context.Spool);
        }

        _files.Clear();
    }

    private async ValueTask AddRecordsAsync(MicroBatch batch, CancellationToken cancellationToken)
    {
        CountItems(batch);
        for (var record = batch.FirstRecord; record < batch.NextRecord; record++)
        {
            var file = FileOf(_context.Tables.Bronze, BronzeRows.DayOf(batch.Records[record].RecordTimeMs));
            file.Buffer ??= _context.Rent(file.Schema);
            BronzeRows.Append(file.Buffer, batch.Records, record, _context.SourceId, _context.Partition, _itemsOfRecord[record - batch.FirstRecord]);
            Rows++;
            if (file.Buffer.IsFull)
            {
                await HandOverAsync(file, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private void CountItems(MicroBatch batch)
    {
        var records = batch.NextRecord - batch.FirstRecord;
        if (_itemsOfRecord.Length < records)
        {
            _itemsOfRecord = new int[Math.Max(records, _itemsOfRecord.Length * 2)];
        }

        _itemsOfRecord.AsSpan(0, records).Clear();
        for (var row = 0; row < batch.RowCount; row++)
        {
            // A row that became a dead letter is among the dead letters.
            if (batch.Outcome[row] != RowOutcome.DeadLetter)
            {
                _itemsOfRecord[batch.Record[row] - batch.FirstRecord]++;
            }
        }

        foreach (var letter in batch.DeadLetters)
        {
            _itemsOfRecord[IndexOf(letter, batch)]++;
        }
    }

    private static int IndexOf(DeadLetter letter, MicroBatch batch) => letter.Record - batch.FirstRecord;

    private async ValueTask AddReadingsAsync(
        MicroBatch batch, SensorTable sensors, IReadOnlyList<string?> modelVersionByProfile, CancellationToken cancellationToken)
    {
        Route(batch);
        foreach (var file in _touched)
        {
            var taken = 0;
            while (taken < file.PendingCount)
            {
                file.Buffer ??= _context.Rent(file.Schema);
                var first = file.Buffer.Rows;
                var count = file.Buffer.Reserve(file.PendingCount - taken);
                _readingRows.Append(
                    file.Buffer, first, file.Pending.AsSpan(taken, count), batch, sensors, modelVersionByProfile, _context.SourceId, _context.Partition,
                    isGold: ReferenceEquals(file.Table, _context.Tables.Gold));
                taken += count;
                if (file.Buffer.IsFull)
                {
                    await HandOverAsync(file, cancellationToken).ConfigureAwait(false);
                }
            }

            Rows += file.PendingCount;
            file.PendingCount = 0;
        }

        _touched.Clear();
    }

    // Neighbouring rows nearly always go to the same file, so the lookup is rare.
    private void Route(MicroBatch batch)
    {
        LakeCutFile? file = null;
        var (lastDay, lastOutcome) = (-1, RowOutcome.DeadLetter);
        for (var row = 0; row < batch.RowCount; row++)
        {
            var outcome = batch.Outcome[row];
            if (outcome is not (RowOutcome.Normal or RowOutcome.Anomaly))
            {
                continue;
            }

            var day = ReadingRows.DayOf(batch.EventMs[row]);
            if (day != lastDay || outcome != lastOutcome || file is null)
            {
                (lastDay, lastOutcome) = (day, outcome);
                file = FileOf(outcome == RowOutcome.Normal ? _context.Tables.Silver : _context.Tables.Gold, day);
                if (file.PendingCount == 0)
                {
                    _touched.Add(file);
                }
            }

            file.AddPending(row);
        }
    }

    private LakeCutFile FileOf(LakeTable table, int day)
    {
        if (!_files.TryGetValue((table, day), out var file))
        {
            file = new LakeCutFile(table, day, _context.SchemaOf(table), _context.Spool);
            _files.Add((table, day), file);
        }

        return file;
    }

    private async ValueTask HandOverBeyondBudgetAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var (total, largest) = (0L, default(LakeCutFile));
            foreach (var file in _files.Values)
            {
                if (file.Buffer is { } buffer)
                {
                    total += buffer.Bytes;
                    largest = largest is null || buffer.Bytes > largest.Buffer!.Bytes ? file : largest;
                }
            }

            if (total <= _context.MaxBufferedBytes || largest is null)
            {
                return;
            }

            await HandOverAsync(largest, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask HandOverAsync(LakeCutFile file, CancellationToken cancellationToken)
    {
        await _context.InFlight.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _context.Encoders.EnterAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            _context.InFlight.Release();
            throw;
        }

        var buffer = file.Buffer!;
        file.Buffer = null;
        _encoding = EncodeAsync(_encoding, file, buffer);
    }

    private async Task EncodeAsync(Task previous, LakeCutFile file, RowBuffer buffer)
    {
        await previous.ConfigureAwait(false);
        try
        {
            if (_failure is null)
            {
                var written = await _context.Encoders.RunAsync(chunk => file.Encode(buffer, chunk), _abandoned.Token).ConfigureAwait(false);
                Interlocked.Add(ref _encodedBytes, written);
            }
        }
        catch (Exception e)
        {
            // Thrown to the worker by its next call. What follows is not encoded: the file has a hole.
            _failure = ExceptionDispatchInfo.Capture(e);
        }
        finally
        {
            _context.Encoders.Return(buffer);
            _context.Encoders.Leave();
            _context.InFlight.Release();
        }
    }
}
