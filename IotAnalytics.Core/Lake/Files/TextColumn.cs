using IotAnalytics.Core.Lake.Files.Format;
using Parquet;
using Parquet.Schema;

namespace IotAnalytics.Core.Lake.Files;

/// <summary>Strings by reference; null is NULL.</summary>
internal sealed class TextColumn(LakeColumn column) : ColumnBuffer(column)
{
    private string?[] _values = [];

    public Span<string?> Values => _values;

    public override int RowBytes => 16;

    public override void EnsureCapacity(int rows) => Array.Resize(ref _values, rows);

    public override void Clear(int rows) => Array.Clear(_values, 0, rows);

    public override async Task ReadAsync(ParquetRowGroupReader reader, DataField? field, int rows, ReadScratch scratch, CancellationToken cancellationToken)
    {
        var texts = scratch.Texts(rows);
        var levels = scratch.Levels(rows);
        await ReadLevelsAsync<ReadOnlyMemory<char>>(reader, field ?? throw Missing(), texts, levels, rows, cancellationToken).ConfigureAwait(false);
        for (var (row, next) = (0, 0); row < rows; row++)
        {
            _values[row] = levels[row] == 0 ? null : Column.Dictionary ? scratch.Interned(texts[next++].Span) : texts[next++].ToString();
        }
    }

    public override void Copy(ColumnBuffer source, int from, int to, int rows) => ((TextColumn)source).Values.Slice(from, rows).CopyTo(_values.AsSpan(to));

    public override void Write(ColumnChunkWriter chunk, int rows, ColumnStatistics statistics)
    {
        var values = _values.AsSpan(0, rows);
        var present = chunk.Present(rows);
        var count = 0;
        for (var i = 0; i < values.Length; i++)
        {
            present[i] = values[i] is not null;
            count += present[i] ? 1 : 0;
        }

        statistics.NullCount += rows - count;
        if (Column.Nullable)
        {
            chunk.WriteLevels(present, count);
        }
        else if (count < rows)
        {
            throw new InvalidOperationException($"{Column.Name} of a reading is missing.");
        }

        if (Column.Dictionary)
        {
            chunk.WriteDictionaryTexts(values, count);
        }
        else
        {
            chunk.WriteTexts(values);
        }

        if (Column.Statistics && count > 0)
        {
            SetBounds(values, chunk, statistics);
        }
    }

    private static void SetBounds(ReadOnlySpan<string?> values, ColumnChunkWriter chunk, ColumnStatistics statistics)
    {
        string? min = null, max = null;
        var isAscii = true;
        foreach (var value in values)
        {
            if (value is null || ReferenceEquals(value, min) || ReferenceEquals(value, max))
            {
                continue;
            }

            isAscii &= System.Text.Ascii.IsValid(value);
            min = min is null || string.CompareOrdinal(value, min) < 0 ? value : min;
            max = max is null || string.CompareOrdinal(value, max) > 0 ? value : max;
        }

        statistics.AddText(min!, max!);
        if (isAscii)
        {
            chunk.SetBounds(System.Text.Encoding.ASCII.GetBytes(min!), System.Text.Encoding.ASCII.GetBytes(max!));
        }
        else
        {
            // UTF-16 and UTF-8 order differ beyond ASCII, and readers compare bytes.
            statistics.MarkUnordered();
        }
    }
}
