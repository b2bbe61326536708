using System.Security.Cryptography;
using System.Text;
using IotAnalytics.Core.Lake.Files;
using IotAnalytics.Core.Lake.Files.Format;
using IotAnalytics.Core.Lake.Stores;

namespace IotAnalytics.Tests.Lake;

/// <summary>What the file writer writes, read by two readers that are not ours.</summary>
public sealed class LakeFileFormatTests : IDisposable
{
    private const int Seed = 20_260_101;
    private readonly TemporaryFolder _folder = new();

    public enum Nulls
    {
        None,
        All,
        Mixed,
        Runs,
    }

    public enum Kind
    {
        One,
        Few,
        Distinct,
        Extreme,
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Groups))]
    public async Task Every_value_comes_back(Nulls nulls, Kind kind)
    {
        foreach (var schema in (LakeSchema[])[LakeSchema.Bronze, LakeSchema.Silver([]), LakeSchema.Gold(["humidity", "temperature"])])
        {
            var random = new Random(Seed);
            var path = _folder.Combine($"{nulls}-{kind}-{schema.Columns.Length}.parquet");
            int[] sizes = [1, 7, 8, 9, 63, 64, 65, 127, 128, 129, .. nulls == Nulls.Mixed && kind is Kind.Few ? [RowBuffer.MaxRows] : Array.Empty<int>()];
            var groups = sizes.Select(rows => Fill(new RowBuffer(schema), rows, nulls, kind, random)).ToList();

            var written = Write(schema, path, groups);

            Assert.Equal(sizes.Sum(), written.Rows);
            Assert.Equal(new FileInfo(path).Length, written.Bytes);
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(path, Token))), written.Sha256);
            await AssertReadAsync(schema, path, groups);
            AssertDuckReads(schema, path, groups);
        }
    }

    [Fact]
    public async Task A_value_of_a_megabyte_comes_back()
    {
        var group = new RowBuffer(LakeSchema.Bronze);
        Fill(group, 3, Nulls.None, Kind.Few, new Random(Seed));
        var value = new byte[1024 * 1024];
        new Random(Seed).NextBytes(value);
        var binary = group.Binaries(7);
        binary.Clear(3);
        binary.Set(0, [], isNull: false);
        binary.Set(1, value, isNull: false);
        binary.Set(2, value.AsSpan(0, 100), isNull: false);
        var path = _folder.Combine("large.parquet");

        Write(LakeSchema.Bronze, path, [group, group]);

        await AssertReadAsync(LakeSchema.Bronze, path, [group, group]);
        AssertDuckReads(LakeSchema.Bronze, path, [group, group]);
    }

    [Fact]
    public void The_footer_counts_nulls_and_bounds_values_of_each_row_group()
    {
        var schema = LakeSchema.Gold(["humidity"]);
        var group = Fill(new RowBuffer(schema), 1_000, Nulls.Mixed, Kind.Distinct, new Random(Seed));
        var path = _folder.Combine("footer.parquet");
        Write(schema, path, [group]);

        using var duck = new Duck();
        foreach (var column in schema.Columns)
        {
            var footer = duck.Rows($"SELECT stats_null_count, stats_min_value, stats_max_value, num_values FROM parquet_metadata('{path}') WHERE path_in_schema = '{column.Name}'").Single();
            var truth = duck.Rows($"SELECT count(*) FILTER (WHERE \"{column.Name}\" IS NULL), min(\"{column.Name}\")::VARCHAR, max(\"{column.Name}\")::VARCHAR, count(*) FROM read_parquet('{path}')").Single();
            Assert.Equal(truth[0], footer[0]);
            Assert.Equal(truth[3], footer[3]);
            if (column.Type != LakeType.Text || column.Statistics)
            {
                Assert.Equal(truth[1..3], footer[1..3]);
            }
        }

        duck.AssertPruningLosesNothing(path, "sensor_id", "event_time", "humidity", "record_offset", "item");
    }

    [Fact]
    public void Few_distinct_texts_are_a_dictionary_and_many_are_not()
    {
        var schema = LakeSchema.Silver([]);
        var path = _folder.Combine("dictionary.parquet");
        Write(schema, path, [Fill(new RowBuffer(schema), 1_000, Nulls.None, Kind.Few, new Random(Seed)), Fill(new RowBuffer(schema), 1_000, Nulls.None, Kind.Distinct, new Random(Seed))]);

        using var duck = new Duck();
        var encodings = duck.Rows($"SELECT encodings FROM parquet_metadata('{path}') WHERE path_in_schema = 'sensor_id' ORDER BY row_group_id").Select(r => (string)r[0]!).ToList();
        Assert.Contains("RLE_DICTIONARY", encodings[0], StringComparison.Ordinal);
        Assert.DoesNotContain("RLE_DICTIONARY", encodings[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_further_row_group_takes_no_memory()
    {
        var schema = LakeSchema.Gold(["humidity", "temperature"]);
        var group = Fill(new RowBuffer(schema), 10_000, Nulls.Mixed, Kind.Few, new Random(Seed));
        using var chunk = new ColumnChunkWriter();
        using var writer = new LakeFileWriter(schema, _folder.Combine("memory.parquet"));
        for (var i = 0; i < 5; i++)
        {
            writer.Write(group, chunk);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        writer.Write(group, chunk);

        // Names of columns and the footer's part of this row group.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 * 1024);
    }

    public static TheoryData<Nulls, Kind> Groups => [.. from nulls in Enum.GetValues<Nulls>() from kind in Enum.GetValues<Kind>() select (nulls, kind)];

    private static WrittenFile Write(LakeSchema schema, string path, IEnumerable<RowBuffer> groups)
    {
        using var chunk = new ColumnChunkWriter();
        using var writer = new LakeFileWriter(schema, path);
        foreach (var group in groups)
        {
            writer.Write(group, chunk);
        }

        return writer.Finish();
    }

    private static RowBuffer Fill(RowBuffer buffer, int rows, Nulls nulls, Kind kind, Random random)
    {
        buffer.Resize(rows);
        foreach (var column in buffer.Columns)
        {
            for (var row = 0; row < rows; row++)
            {
                var isNull = column.Column.Nullable && nulls switch
                {
                    Nulls.None => false,
                    Nulls.All => true,
                    Nulls.Mixed => random.Next(3) == 0,
                    _ => row / 20 % 2 == 0,
                };
                var number = kind switch
                {
                    Kind.One => 4,
                    Kind.Few => random.Next(5),
                    Kind.Distinct => row + 1,
                    _ => random.Next(6),
                };
                Set(column, row, isNull, number, kind == Kind.Extreme);
            }
        }

        return buffer;
    }

    private static void Set(ColumnBuffer column, int row, bool isNull, int number, bool isExtreme)
    {
        switch (column)
        {
            case IntColumn ints:
                ints.Values[row] = isExtreme ? ((int[])[int.MinValue, int.MaxValue, 0, -1, 1, 42])[number] : number;
                break;
            case LongColumn longs:
                longs.Values[row] = isExtreme ? ((long[])[long.MinValue, long.MaxValue, 0, -1, 1, 42])[number] : number * 1_000_000_007L;
                break;
            case TimestampColumn times:
                times.Values[row] = isNull ? long.MinValue : isExtreme ? ((long[])[-62_000_000_000_000, 253_000_000_000_000, 0, -1, 1, 42])[number] : LakeTestData.Start + (number * 1_001L);
                break;
            case DoubleColumn doubles:
                doubles.Values[row] = isNull ? double.NaN
                    : isExtreme ? ((double[])[double.MinValue, double.MaxValue, -0.0, double.Epsilon, double.PositiveInfinity, double.NegativeInfinity])[number] : number / 3.0;
                break;
            case TextColumn texts:
                texts.Values[row] = isNull ? null : isExtreme ? ((string[])["", "ü", "😀 temperature", "a\0b", "\ud800", new string('x', 5_000)])[number] : $"sensor_{number:D4}";
                break;
            case BinaryColumn binaries:
                binaries.Set(row, isExtreme ? new byte[number * 1_000] : Encoding.UTF8.GetBytes($"{{\"value\":{number}}}"), isNull);
                break;
        }
    }

    private async Task AssertReadAsync(LakeSchema schema, string path, IReadOnlyList<RowBuffer> groups)
    {
        await using var reader = await LakeFileReader.OpenAsync(new FileSystemLakeStore(_folder.Path), Path.GetFileName(path), Token);
        Assert.Equal(groups.Count, reader.RowGroups);
        Assert.Equal(schema.Columns.Select(c => c.Name), reader.Columns);
        var (read, scratch) = (new RowBuffer(schema), new ReadScratch());
        for (var i = 0; i < groups.Count; i++)
        {
            await reader.ReadAsync(i, read, scratch, Token);
            Assert.Equal(groups[i].Rows, read.Rows);
            for (var c = 0; c < schema.Columns.Length; c++)
            {
                for (var row = 0; row < read.Rows; row++)
                {
                    AssertSame(Value(groups[i].Columns[c], row), Value(read.Columns[c], row));
                }
            }
        }
    }

    private static void AssertDuckReads(LakeSchema schema, string path, IReadOnlyList<RowBuffer> groups)
    {
        using var duck = new Duck();
        var read = duck.Rows($"SELECT * FROM read_parquet('{path}', hive_partitioning=false)");
        Assert.Equal(groups.Sum(g => g.Rows), read.Count);
        var next = 0;
        foreach (var group in groups)
        {
            for (var row = 0; row < group.Rows; row++, next++)
            {
                for (var c = 0; c < schema.Columns.Length; c++)
                {
                    AssertSame(Value(group.Columns[c], row), read[next][c] is DateTime time ? (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond : read[next][c]);
                }
            }
        }
    }

    // The assertion itself takes far longer than the comparison.
    private static void AssertSame(object? expected, object? actual)
    {
        if (!Equals(expected, actual))
        {
            Assert.Equal(expected, actual);
        }
    }

    /// <summary>As a reader must find it.</summary>
    private static object? Value(ColumnBuffer column, int row) => column switch
    {
        IntColumn ints => ints.Values[row],
        LongColumn longs => longs.Values[row],
        TimestampColumn times => times.Values[row] == long.MinValue ? null : times.Values[row],
        DoubleColumn doubles => double.IsNaN(doubles.Values[row]) ? null : doubles.Values[row] + 0.0,
        // Half a surrogate pair has no UTF-8.
        TextColumn texts => texts.Values[row]?.Replace('\ud800', '\ufffd'),
        BinaryColumn binaries => binaries.IsNull(row) ? null : binaries.Value(row).ToArray(),
        _ => throw new InvalidOperationException(),
    };
}
