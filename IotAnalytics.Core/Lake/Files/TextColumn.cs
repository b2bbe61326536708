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

    public override async Task ReadAsync(ParquetRowGroupReader reader, DataField? field, int rows, EncodeScratch scratch, CancellationToken cancellationToken)
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

    public override Task WriteAsync(
        ParquetRowGroupWriter writer, DataField field, int rows, EncodeScratch scratch, ColumnStatistics statistics, CancellationToken cancellationToken)
    {
        var texts = scratch.Texts(rows);
        var levels = scratch.Levels(rows);
        var present = 0;
        string? min = null, max = null;
        for (var i = 0; i < rows; i++)
        {
            var value = _values[i];
            if (value is null)
            {
                levels[i] = 0;
                continue;
            }

            levels[i] = 1;
            texts[present++] = value.AsMemory();
            if (Column.Statistics)
            {
                if (min is null)
                {
                    min = max = value;
                    MarkUnlessAscii(value, statistics);
                }
                else if (!ReferenceEquals(value, min) && !ReferenceEquals(value, max))
                {
                    min = string.CompareOrdinal(value, min) < 0 ? value : min;
                    max = string.CompareOrdinal(value, max) > 0 ? value : max;
                    MarkUnlessAscii(value, statistics);
                }
            }
        }

        statistics.NullCount += rows - present;
        if (min is not null)
        {
            statistics.AddText(min, max!);
        }

        if (!Column.Nullable && present < rows)
        {
            throw new InvalidOperationException($"{Column.Name} of a reading is missing.");
        }

        return writer.WriteAllPartsAsync<ReadOnlyMemory<char>>(
            field, texts.AsMemory(0, present), LevelsOf(levels, rows), null, cancellationToken);
    }

    // UTF-16 and UTF-8 order differ beyond ASCII, and readers compare bytes.
    private static void MarkUnlessAscii(string value, ColumnStatistics statistics)
    {
        if (!System.Text.Ascii.IsValid(value))
        {
            statistics.MarkUnordered();
        }
    }
}
