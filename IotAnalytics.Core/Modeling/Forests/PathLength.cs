namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>Path lengths of isolation trees (Liu, Ting, Zhou 2008).</summary>
internal static class PathLength
{
    private const double EulerGamma = 0.57721566490153286;

    /// <summary>c(n): the average path of an unsuccessful search in a binary search tree of n rows. 0 for n ≤ 1, 1 for n = 2, else
    /// 2 (ln(n − 1) + γ) − 2 (n − 1) / n, the formula and the special cases of scikit-learn's <c>_average_path_length</c>.</summary>
    public static double Average(int rows) => rows switch
    {
        <= 1 => 0,
        2 => 1,
        _ => 2 * (Math.Log(rows - 1) + EulerGamma) - 2.0 * (rows - 1) / rows,
    };

    /// <summary>The default depth limit of a tree of n rows: ⌈log2 n⌉, at least 1.</summary>
    public static int DepthLimit(int rows) => Math.Max(1, 32 - System.Numerics.BitOperations.LeadingZeroCount((uint)(rows - 1)));
}
