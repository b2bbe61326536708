using IotAnalytics.Core.Lake;
using IotAnalytics.Core.Lake.Stores;
using IotAnalytics.Tests.Conformance;

namespace IotAnalytics.Tests.Lake;

public sealed class FileSystemLakeStoreTests : LakeStoreConformance, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FileSystemLakeStore _store;

    public FileSystemLakeStoreTests() => _store = new FileSystemLakeStore(_folder.Combine("new/lake"));

    protected override ILakeStore Store => _store;

    protected override string LocalFolder => _folder.Path;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_on_another_file_system_is_copied()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "needs a second file system at /dev/shm");
        var path = $"/dev/shm/iot-lake-{Guid.NewGuid():N}";
        await File.WriteAllTextAsync(path, "from afar", TestContext.Current.CancellationToken);

        await _store.PutFileAsync("far", path, TestContext.Current.CancellationToken);

        Assert.Equal("from afar", await File.ReadAllTextAsync(_folder.Combine("new/lake/far"), TestContext.Current.CancellationToken));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task Unfinished_puts_are_not_listed()
    {
        await _store.PutAsync("t/x", new byte[1], TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_folder.Combine("new/lake/t/.put-0123"), "torn", TestContext.Current.CancellationToken);

        var keys = new List<string>();
        await foreach (var entry in _store.ListAsync("t/", TestContext.Current.CancellationToken))
        {
            keys.Add(entry.Key);
        }

        Assert.Equal(["t/x"], keys);
    }

    [Fact]
    public async Task A_folder_where_a_file_stands_is_an_IOException()
    {
        await _store.PutAsync("t", new byte[1], TestContext.Current.CancellationToken);

        await Assert.ThrowsAnyAsync<IOException>(() => _store.PutAsync("t/x", new byte[1], TestContext.Current.CancellationToken));
    }
}
