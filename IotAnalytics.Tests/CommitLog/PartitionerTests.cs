using System.Text;
using IotAnalytics.Core.CommitLog;

namespace IotAnalytics.Tests.CommitLog;

public sealed class PartitionerTests
{
    // The vectors of Apache Kafka's own UtilsTest.testMurmur2.
    [Theory]
    [InlineData("21", -973932308)]
    [InlineData("foobar", -790332482)]
    [InlineData("a-little-bit-long-string", -985981536)]
    [InlineData("a-little-bit-longer-string", -1486304829)]
    [InlineData("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971)]
    public void The_hash_is_kafkas_murmur2(string key, int expected) => Assert.Equal(expected, (int)Partitioner.Hash(Encoding.UTF8.GetBytes(key)));

    [Fact]
    public void The_partition_is_the_positive_hash_modulo_partitions()
    {
        Assert.Equal((-973932308 & 0x7fffffff) % 12, Partitioner.Murmur2("21"u8, 12));
        Assert.Equal(0, Partitioner.Murmur2("anything"u8, 1));
        Assert.All(Enumerable.Range(0, 1_000), i => Assert.InRange(Partitioner.Murmur2(Encoding.UTF8.GetBytes($"sensor_{i}"), 7), 0, 6));
    }
}
