using Parquet;
using Parquet.Schema;

namespace IotAnalytics.Core.Lake.Delta;

/// <summary>One column of a checkpoint: values and the level to which each slot is defined.</summary>
internal abstract class CheckpointColumn(DataField column)
{
    protected List<int> Levels { get; } = [];

    public int Count => Levels.Count;

    public int MaxLevel { get; } = column.MaxDefinitionLevel;

    protected bool IsRepeated { get; } = column.MaxRepetitionLevel > 0;

    public abstract void Append(object value);

    /// <summary>A slot that ends at <paramref name="level"/>: 0 where the row is another action.</summary>
    public void AppendMissing(int level) => Levels.Add(level);

    public abstract Task WriteAsync(ParquetRowGroupWriter group, DataField column, CancellationToken cancellationToken);

    public static CheckpointColumn Create(DataField field) => field.ClrType switch
    {
        var t when t == typeof(string) || t == typeof(ReadOnlyMemory<char>) => new CheckpointColumn<ReadOnlyMemory<char>>(field, v => ((string)v).AsMemory()),
        var t when t == typeof(long) => new CheckpointColumn<long>(field, v => (long)v),
        var t when t == typeof(int) => new CheckpointColumn<int>(field, v => (int)v),
        _ => new CheckpointColumn<bool>(field, v => (bool)v),
    };

    /// <summary>The column's values by row, null where there is none.</summary>
    public static Task<object?[]> ReadAsync(ParquetRowGroupReader group, DataField field, int rows, CancellationToken cancellationToken) => field.ClrType switch
    {
        var t when t == typeof(string) || t == typeof(ReadOnlyMemory<char>) => ReadAsync<ReadOnlyMemory<char>>(group, field, rows, v => v.ToString(), cancellationToken),
        var t when t == typeof(long) => ReadAsync<long>(group, field, rows, v => v, cancellationToken),
        var t when t == typeof(int) => ReadAsync<int>(group, field, rows, v => v, cancellationToken),
        var t when t == typeof(bool) => ReadAsync<bool>(group, field, rows, v => v, cancellationToken),
        _ => throw new InvalidDataException($"{field.Path} is of type {field.ClrType.Name}."),
    };

    private static async Task<object?[]> ReadAsync<T>(
        ParquetRowGroupReader group, DataField field, int rows, Func<T, object> convert, CancellationToken cancellationToken)
        where T : struct
    {
        var (values, levels, repetitions) = (new T[rows], new int[rows], new int[rows]);
        Memory<int>? repetitionLevels = field.MaxRepetitionLevel > 0 ? repetitions.AsMemory() : (Memory<int>?)null;
        await group.ReadRawAsync(field, values.AsMemory(), levels.AsMemory(), repetitionLevels, cancellationToken).ConfigureAwait(false);
        var result = new object?[rows];
        var next = 0;
        for (var row = 0; row < rows; row++)
        {
            if (levels[row] == field.MaxDefinitionLevel)
            {
                result[row] = convert(values[next++]);
            }
        }

        return result;
    }
}

/// <inheritdoc/>
internal sealed class CheckpointColumn<T>(DataField field, Func<object, T> convert) : CheckpointColumn(field)
    where T : struct
{
    private readonly List<T> _values = [];

    public override void Append(object value)
    {
        _values.Add(convert(value));
        Levels.Add(MaxLevel);
    }

    public override Task WriteAsync(ParquetRowGroupWriter group, DataField column, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<int> levels = Levels.ToArray();
        ReadOnlyMemory<int>? repetitions = IsRepeated ? new int[Levels.Count] : (ReadOnlyMemory<int>?)null;
        return group.WriteAllPartsAsync<T>(column, _values.ToArray(), levels, repetitions, cancellationToken);
    }
}
