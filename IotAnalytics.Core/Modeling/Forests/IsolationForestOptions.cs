namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>How a forest is grown.</summary>
internal sealed record IsolationForestOptions
{
    public const int MaxTrees = 10_000;
    public const int MaxSampleSize = 65_536;
    public const int DepthCeiling = 1_000;

    /// <summary>All columns in every test, up to as many as there are.</summary>
    public const int FullExtension = 65_533;

    /// <summary>Rows of all trees together; bounds memory at about 3 GB.</summary>
    private const long MaxGrownRows = 100_000_000;

    /// <summary>Number of trees, 1 to 10,000. Default 100.</summary>
    public int Trees { get; init; } = 100;

    /// <summary>Rows per tree (ψ), 2 to 65,536, drawn without replacement; fewer when there are fewer. Default 256.</summary>
    public int SampleSize { get; init; } = 256;

    /// <summary>Depth limit of a tree, 1 to 1,000. Default null: ⌈log2 ψ⌉ with random splits; none with the others, which first take single rows off.</summary>
    public int? MaxDepth { get; init; }

    /// <summary>Columns of a test less one, 0 to 65,533, fewer when there are fewer. Default 0: axis-parallel tests of one column. Above: a test is
    /// Σ wᵢ xᵢ &gt; t over so many columns drawn anew for every node (Hariri, Carrasco Kind, Brunner 2019, "Extended Isolation Forest", section 3.2).</summary>
    public int ExtensionLevel { get; init; }

    /// <summary>How a node's threshold is chosen. Default random.</summary>
    public SplitCriterion Criterion { get; init; }

    /// <summary>What the leaves count. Default the path length.</summary>
    public LeafMetric Metric { get; init; }

    /// <summary>Whether tests of one column, random thresholds and path lengths make it the forest of 2008.</summary>
    public bool IsPlain => ExtensionLevel == 0 && Criterion == SplitCriterion.Random && Metric == LeafMetric.PathLength;

    /// <summary>The same seed, rows and options give the same forest, bit for bit. Default 0.</summary>
    public long Seed { get; init; }

    /// <summary>Threads that grow it; they do not change the forest. Default null: as many as there are processors, where there is enough to do.</summary>
    public int? Threads { get; init; }

    /// <summary>The depth limit as used.</summary>
    public int DepthLimit(int sampleSize) => MaxDepth ?? (Criterion == SplitCriterion.Random ? PathLength.DepthLimit(sampleSize) : DepthCeiling);

    /// <summary>What is out of range, one line each: option, value, what is accepted.</summary>
    public IEnumerable<string> Errors()
    {
        if (Trees is < 1 or > MaxTrees)
        {
            yield return $"trees: {Trees} is not within 1..{MaxTrees}";
        }

        if (SampleSize is < 2 or > MaxSampleSize)
        {
            yield return $"sample size: {SampleSize} is not within 2..{MaxSampleSize}";
        }

        if (MaxDepth is < 1 or > DepthCeiling)
        {
            yield return $"max depth: {MaxDepth} is not within 1..{DepthCeiling}";
        }

        if (ExtensionLevel is < 0 or > FullExtension)
        {
            yield return $"extension level: {ExtensionLevel} is not within 0..{FullExtension}";
        }

        if ((long)Trees * SampleSize > MaxGrownRows)
        {
            yield return $"trees × sample size: {(long)Trees * SampleSize} is above {MaxGrownRows}";
        }
    }
}
