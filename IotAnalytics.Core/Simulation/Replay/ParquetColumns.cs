using System.Globalization;
using Parquet;
using Parquet.Schema;

namespace IotAnalytics.Core.Simulation.Replay;

/// <summary>Reads a column of a row group as the type that the replay wants, nulls as NaN or null.</summary>
internal static class ParquetColumns
{
    public static bool IsText(DataField field) => !field.IsArray && (field.ClrType == typeof(string) || field.ClrType == typeof(ReadOnlyMemory<char>));

    public static bool IsTime(DataField field) =>
        !field.IsArray && (IsText(field) || field.ClrType == typeof(DateTime) || field.ClrType == typeof(long));

    public static bool IsNumber(DataField field) => Type.GetTypeCode(field.ClrType) is >= TypeCode.SByte and <= TypeCode.Decimal;

    public static async Task<string?[]> ReadTextAsync(ParquetRowGroupReader group, DataField field, int rows, CancellationToken cancellationToken)
    {
        var text = new string?[rows];
        await group.ReadAsync(field, text.AsMemory(), cancellationToken: cancellationToken).ConfigureAwait(false);
        return text;
    }

    public static async Task<string?[]> ReadTimesAsync(ParquetRowGroupReader group, DataField field, int rows, CancellationToken cancellationToken)
    {
        if (IsText(field))
        {
            return await ReadTextAsync(group, field, rows, cancellationToken).ConfigureAwait(false);
        }

        if (field.ClrType == typeof(long))
        {
            var integers = await ReadAsync<long>(group, field, rows, cancellationToken).ConfigureAwait(false);
            return Array.ConvertAll(integers, v => v?.ToString(CultureInfo.InvariantCulture));
        }

        var times = await ReadAsync<DateTime>(group, field, rows, cancellationToken).ConfigureAwait(false);
        // Whether a timestamp is UTC is said by the schema; the values' kind is what Parquet.Net makes of it.
        return Array.ConvertAll(times, v => v?.ToString(
            v.Value.Kind == DateTimeKind.Utc ? "yyyy-MM-ddTHH:mm:ss.fffZ" : "yyyy-MM-ddTHH:mm:ss.fff", CultureInfo.InvariantCulture));
    }

    public static Task<double[]> ReadNumbersAsync(ParquetRowGroupReader group, DataField field, int rows, CancellationToken cancellationToken) =>
        Type.GetTypeCode(field.ClrType) switch
        {
            TypeCode.Double => As<double>(group, field, rows, v => v, cancellationToken),
            TypeCode.Single => As<float>(group, field, rows, Widen, cancellationToken),
            TypeCode.Decimal => As<decimal>(group, field, rows, v => (double)v, cancellationToken),
            TypeCode.Int64 => As<long>(group, field, rows, v => v, cancellationToken),
            TypeCode.UInt64 => As<ulong>(group, field, rows, v => v, cancellationToken),
            TypeCode.Int32 => As<int>(group, field, rows, v => v, cancellationToken),
            TypeCode.UInt32 => As<uint>(group, field, rows, v => v, cancellationToken),
            TypeCode.Int16 => As<short>(group, field, rows, v => v, cancellationToken),
            TypeCode.UInt16 => As<ushort>(group, field, rows, v => v, cancellationToken),
            TypeCode.SByte => As<sbyte>(group, field, rows, v => v, cancellationToken),
            TypeCode.Byte => As<byte>(group, field, rows, v => v, cancellationToken),
            _ => throw new NotSupportedException($"Column {field.Name} is {field.ClrType.Name}."),
        };

    private static async Task<double[]> As<T>(
        ParquetRowGroupReader group, DataField field, int rows, Converter<T, double> widen, CancellationToken cancellationToken)
        where T : struct
    {
        var values = await ReadAsync<T>(group, field, rows, cancellationToken).ConfigureAwait(false);
        return Array.ConvertAll(values, v => v is { } present ? widen(present) : double.NaN);
    }

    private static async Task<T?[]> ReadAsync<T>(ParquetRowGroupReader group, DataField field, int rows, CancellationToken cancellationToken)
        where T : struct
    {
        if (field.IsNullable)
        {
            var nullable = new T?[rows];
            await group.ReadAsync<T>(field, nullable.AsMemory(), cancellationToken: cancellationToken).ConfigureAwait(false);
            return nullable;
        }

        var values = new T[rows];
        await group.ReadAsync<T>(field, values.AsMemory(), cancellationToken: cancellationToken).ConfigureAwait(false);
        return Array.ConvertAll(values, v => (T?)v);
    }

    /// <summary>By way of the shortest decimal: a sensor's 21.4f should go on as 21.4, not as 21.399999618530273.</summary>
    private static double Widen(float value) => float.IsFinite(value)
        ? double.Parse(value.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
        : value;
}
