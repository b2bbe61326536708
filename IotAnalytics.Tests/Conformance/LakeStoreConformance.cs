using IotAnalytics.Core.Lake;

namespace IotAnalytics.Tests.Conformance;

/// <summary>What every lake store promises. Each adapter inherits it.</summary>
public abstract class LakeStoreConformance
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>An empty store.</summary>
    protected abstract ILakeStore Store { get; }

    /// <summary>What every key begins with: empty, or a bucket and a slash.</summary>
    protected virtual string Root => "";

    /// <summary>A folder for local files.</summary>
    protected abstract string LocalFolder { get; }

    [Fact]
    public async Task What_was_put_is_read_back()
    {
        await Store.PutAsync(Root + "a/b/event_date=2026-01-01/1-0-0-75-1.parquet", "hello"u8.ToArray(), Token);

        Assert.Equal("hello", await ReadAsync("a/b/event_date=2026-01-01/1-0-0-75-1.parquet"));
        Assert.Equal(5, await Store.GetLengthAsync(Root + "a/b/event_date=2026-01-01/1-0-0-75-1.parquet", Token));
    }

    [Fact]
    public async Task An_empty_object_is_an_object()
    {
        await Store.PutAsync(Root + "empty", ReadOnlyMemory<byte>.Empty, Token);

        Assert.Equal(0, await Store.GetLengthAsync(Root + "empty", Token));
        Assert.Equal("", await ReadAsync("empty"));
    }

    [Fact]
    public async Task A_put_replaces_the_whole_object()
    {
        await Store.PutAsync(Root + "x", "a long first content"u8.ToArray(), Token);
        await Store.PutAsync(Root + "x", "short"u8.ToArray(), Token);

        Assert.Equal("short", await ReadAsync("x"));
    }

    [Fact]
    public async Task Creating_says_whether_the_content_is_there_and_overwrites_nothing()
    {
        Assert.True(await Store.TryCreateAsync(Root + "new/x", "mine"u8.ToArray(), Token));
        Assert.True(await Store.TryCreateAsync(Root + "new/x", "mine"u8.ToArray(), Token));
        Assert.False(await Store.TryCreateAsync(Root + "new/x", "your"u8.ToArray(), Token));
        Assert.False(await Store.TryCreateAsync(Root + "new/x", "longer than that"u8.ToArray(), Token));
        Assert.False(await Store.TryCreateAsync(Root + "new/x", ReadOnlyMemory<byte>.Empty, Token));

        Assert.Equal("mine", await ReadAsync("new/x"));
        Assert.Equal(["new/x"], (await ListAsync("new/")).Select(o => o.Key));
    }

    [Fact]
    public async Task Of_many_who_create_at_once_one_wins()
    {
        var won = new bool[16];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, won.Length), new ParallelOptions { MaxDegreeOfParallelism = won.Length, CancellationToken = Token },
            async (i, token) => won[i] = await Store.TryCreateAsync(Root + "race", new byte[] { (byte)('a' + i) }, token));

        var winner = Assert.Single(Enumerable.Range(0, won.Length), i => won[i]);
        Assert.Equal($"{(char)('a' + winner)}", await ReadAsync("race"));
    }

    [Fact]
    public async Task Any_part_of_a_large_object_can_be_read()
    {
        var content = new byte[5_000_000];
        new Random(5).NextBytes(content);
        await Store.PutAsync(Root + "large", content, Token);
        await using var stream = await Store.OpenReadAsync(Root + "large", Token);
        Assert.Equal(content.Length, stream.Length);
        var random = new Random(6);
        for (var i = 0; i < 50; i++)
        {
            var from = random.Next(content.Length);
            var part = new byte[random.Next(1, Math.Min(content.Length - from, 2_000_000) + 1)];
            stream.Position = from;
            if (i % 2 == 0)
            {
                stream.ReadExactly(part);
            }
            else
            {
                await stream.ReadExactlyAsync(part, Token);
            }

            Assert.True(content.AsSpan(from, part.Length).SequenceEqual(part), $"{part.Length} bytes from {from}");
        }
    }

    [Fact]
    public async Task A_local_file_becomes_an_object_and_is_gone()
    {
        var path = Path.Combine(LocalFolder, "file.bin");
        var content = Enumerable.Range(0, 3_000_000).Select(i => (byte)(i * 7)).ToArray();
        await File.WriteAllBytesAsync(path, content, Token);

        await Store.PutFileAsync(Root + "files/one.bin", path, Token);

        await using var stream = await Store.OpenReadAsync(Root + "files/one.bin", Token);
        var read = new byte[content.Length];
        await stream.ReadExactlyAsync(read, Token);
        Assert.Equal(content, read);
        Assert.Equal(0, await stream.ReadAsync(new byte[1], Token));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task A_local_file_that_is_not_there_fails_and_makes_no_object()
    {
        await Assert.ThrowsAnyAsync<IOException>(() => Store.PutFileAsync(Root + "files/none.bin", Path.Combine(LocalFolder, "none"), Token));

        Assert.Null(await Store.GetLengthAsync(Root + "files/none.bin", Token));
    }

    [Fact]
    public async Task The_read_stream_can_seek()
    {
        await Store.PutAsync(Root + "seek", "0123456789"u8.ToArray(), Token);
        await using var stream = await Store.OpenReadAsync(Root + "seek", Token);

        Assert.True(stream.CanSeek);
        Assert.Equal(10, stream.Length);
        stream.Seek(-4, SeekOrigin.End);
        Assert.Equal('6', stream.ReadByte());
        stream.Position = 2;
        Assert.Equal('2', stream.ReadByte());
    }

    [Fact]
    public async Task A_missing_object_is_reported_as_such()
    {
        await Assert.ThrowsAsync<FileNotFoundException>(() => Store.OpenReadAsync(Root + "no/such/object", Token));
        Assert.Null(await Store.GetLengthAsync(Root + "no/such/object", Token));
        Assert.Empty(await ListAsync("no/such/"));
    }

    [Fact]
    public async Task Deleting_removes_and_may_be_repeated()
    {
        await Store.PutAsync(Root + "gone/x", "1"u8.ToArray(), Token);

        await Store.DeleteAsync(Root + "gone/x", Token);
        await Store.DeleteAsync(Root + "gone/x", Token);

        Assert.Null(await Store.GetLengthAsync(Root + "gone/x", Token));
        Assert.Empty(await ListAsync("gone/"));
    }

    [Fact]
    public async Task A_list_is_by_prefix_and_in_ordinal_order()
    {
        foreach (var key in new[] { "t/b", "t/a/2", "t/a/10", "t/B", "t/_delta_log/00000000000000000001.json", "other/x", "t2/x", "t/a-b" })
        {
            await Store.PutAsync(Root + key, new byte[key.Length], Token);
        }

        Assert.Equal(["t/B", "t/_delta_log/00000000000000000001.json", "t/a-b", "t/a/10", "t/a/2", "t/b"], (await ListAsync("t/")).Select(o => o.Key));
        Assert.Equal(["t/a-b", "t/a/10", "t/a/2"], (await ListAsync("t/a")).Select(o => o.Key));
        Assert.Equal(8, (await ListAsync("")).Count);
        Assert.All(await ListAsync(""), o => Assert.Equal(o.Key.Length, o.Length));
    }

    [Fact]
    public async Task A_listing_says_when_an_object_was_written()
    {
        await Store.PutAsync(Root + "dated", "1"u8.ToArray(), Token);

        var entry = Assert.Single(await ListAsync("dated"));
        var age = TimeProvider.System.GetUtcNow() - entry.LastModified;
        Assert.InRange(age, TimeSpan.FromMinutes(-5), TimeSpan.FromMinutes(5));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/rooted")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("../escape")]
    [InlineData("a/../b")]
    [InlineData("a/./b")]
    [InlineData(".hidden")]
    [InlineData("a b")]
    [InlineData("a%20b")]
    [InlineData("ä")]
    [InlineData("a\\b")]
    public async Task A_key_outside_the_pattern_is_refused(string key)
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Store.PutAsync(Root + key, new byte[1], Token));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Store.OpenReadAsync(Root + key, Token));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Store.DeleteAsync(Root + key, Token));
    }

    [Fact]
    public async Task Readers_never_see_a_part()
    {
        var (first, second) = (new byte[200_000], new byte[300_000]);
        Array.Fill(first, (byte)'a');
        Array.Fill(second, (byte)'b');
        await Store.PutAsync(Root + "flip", first, Token);
        var writer = Task.Run(
            async () =>
            {
                for (var i = 0; i < 20; i++)
                {
                    await Store.PutAsync(Root + "flip", i % 2 == 0 ? second : first, Token);
                }
            },
            Token);
        while (!writer.IsCompleted)
        {
            var text = await ReadAsync("flip");
            Assert.True(text.Length is 200_000 or 300_000, $"{text.Length} bytes");
            Assert.Single(text.Distinct());
        }

        await writer;
    }

    [Fact]
    public async Task Many_puts_at_once_all_arrive()
    {
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 64), Token, async (i, token) => await Store.PutAsync(Root + $"many/d{i % 8}/e{i % 3}/{i}", BitConverter.GetBytes(i), token));

        Assert.Equal(64, (await ListAsync("many/")).Count);
    }

    private async Task<string> ReadAsync(string key)
    {
        await using var stream = await Store.OpenReadAsync(Root + key, Token);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(Token);
    }

    private async Task<List<StoredObject>> ListAsync(string prefix)
    {
        var list = new List<StoredObject>();
        await foreach (var entry in Store.ListAsync(Root + prefix, Token))
        {
            list.Add(entry with { Key = entry.Key[Root.Length..] });
        }

        return list;
    }
}
