using System.Buffers.Binary;
using System.Security.Cryptography;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Detectors;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Tests.Modeling;

public class ModelFileTests
{
    private static readonly IsolationForestOptions Small = new() { Trees = 7, SampleSize = 32, Seed = 9 };
    private static readonly ModelSnapshot Model = SampleModels.Plain(3, Small);

    private static ModelSnapshot Sample(string kind) => kind switch
    {
        "plain" => Model,
        "oblique" => SampleModels.Plain(3, Small with { ExtensionLevel = 2, Metric = LeafMetric.Density }),
        "mewma" => SampleModels.Chart(t => MewmaTrainer.Fit(t, telling: 1)),
        "pca" => SampleModels.Chart(PcaTrainer.Fit),
        _ => SampleModels.Combined(3, Small with { Trees = 3 }),
    };

    [Theory]
    [InlineData("plain")]
    [InlineData("oblique")]
    [InlineData("combined")]
    [InlineData("mewma")]
    [InlineData("pca")]
    public void What_is_written_is_read_back(string kind)
    {
        var sample = Sample(kind);
        var file = ModelFile.Write(sample);
        var read = ModelFile.Read(file);

        Assert.Equal(file, ModelFile.Write(read));
        Assert.Equal(sample.Sha256, read.Sha256);
        Assert.Equal(sample.Threshold, read.Threshold);
        Assert.Equal(sample.MeasurementNames, read.MeasurementNames);
        Assert.Equal(sample.ReferenceScores, read.ReferenceScores);
        Assert.Equal(sample.ReferenceRows, read.ReferenceRows);
        Assert.Equal(sample.Card.ToJson(), read.Card.ToJson());
        var fresh = SampleModels.Uniform(3, 1_000, seed: 77);
        Assert.Equal(SampleModels.Score(sample.Detector, fresh), SampleModels.Score(read.Detector, fresh));
    }

    [Fact]
    public void A_deep_forest_is_read_back()
    {
        var deep = SampleModels.Plain(2, new IsolationForestOptions { Trees = 3, SampleSize = 400, MaxDepth = 1_000 });
        var fresh = SampleModels.Uniform(2, 500, seed: 78);

        Assert.Equal(SampleModels.Score(deep.Detector, fresh), SampleModels.Score(ModelFile.Read(ModelFile.Write(deep)).Detector, fresh));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("oblique")]
    [InlineData("combined")]
    [InlineData("mewma")]
    [InlineData("pca")]
    public void Every_torn_file_is_refused(string kind)
    {
        var sample = Sample(kind);
        var file = ModelFile.Write(sample);
        for (var length = 0; length < file.Length; length += length < 300 ? 1 : 97)
        {
            Assert.Throws<ModelFileException>(() => ModelFile.Read(file.AsSpan(0, length)));
        }

        Assert.Throws<ModelFileException>(() => ModelFile.Read([.. file, 0]));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("oblique")]
    [InlineData("combined")]
    [InlineData("mewma")]
    [InlineData("pca")]
    public void Every_flipped_bit_is_noticed(string kind)
    {
        var sample = Sample(kind);
        var file = ModelFile.Write(sample);
        for (var position = 0; position < file.Length; position += position < 300 ? 1 : 61)
        {
            file[position] ^= 1;
            Assert.Throws<ModelFileException>(() => ModelFile.Read(file));
            file[position] ^= 1;
        }
    }

    [Fact]
    public void A_newer_version_is_told_from_a_broken_file()
    {
        var file = ModelFile.Write(Model);
        file[8] = ModelFile.FormatVersion + 1;
        var error = Assert.Throws<ModelFileException>(() => ModelFile.Read(file));

        Assert.Contains("written by a newer program", error.Message, StringComparison.Ordinal);
        Assert.Equal("This is not a model file.", Assert.Throws<ModelFileException>(() => ModelFile.Read("f0,f1,label\n1,2,0\n"u8.ToArray())).Message);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("oblique")]
    [InlineData("combined")]
    [InlineData("mewma")]
    [InlineData("pca")]
    public void Forged_content_with_a_right_checksum_gives_an_answer_or_a_clear_error_and_no_wild_allocation(string kind)
    {
        var sample = Sample(kind);
        var file = ModelFile.Write(sample);
        var random = new Xoshiro256(seed: 3, stream: 0);
        int refused = 0, read = 0;
        for (var round = 0; round < 1_000; round++)
        {
            var forged = (byte[])file.Clone();
            for (var changes = random.NextBelow(3); changes >= 0; changes--)
            {
                // Counts and lengths get absurd values, other bytes any value.
                var position = 12 + random.NextBelow(forged.Length - 12 - 32 - 8);
                if (random.NextBelow(2) == 0)
                {
                    BinaryPrimitives.WriteUInt32LittleEndian(forged.AsSpan(position), (uint)random.Next() | 0x7000_0000);
                }
                else
                {
                    forged[position] = (byte)random.Next();
                }
            }

            SHA256.HashData(forged.AsSpan(0, forged.Length - 32)).CopyTo(forged.AsSpan(forged.Length - 32));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                var model = ModelFile.Read(forged);
                Assert.Equal(5, SampleModels.Score(model.Detector, [.. Enumerable.Range(0, model.Detector.FeatureCount).Select(_ => new float[5])]).Length);
                read++;
            }
            catch (ModelFileException)
            {
                refused++;
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
        }

        Assert.True(refused > 100, $"{refused} refused");
        Assert.True(read > 100, $"{read} read");
    }
}
