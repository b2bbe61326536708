namespace IotAnalytics.Core.Lake.Verification;

/// <summary>What a verification found.</summary>
/// <param name="Findings">One line each; empty when all is well.</param>
/// <param name="Files">Objects read.</param>
/// <param name="Rows">Rows read.</param>
/// <param name="Bytes">Bytes read.</param>
internal sealed record LakeVerification(IReadOnlyList<string> Findings, long Files, long Rows, long Bytes, long BronzeItems, long SilverRows, long GoldRows)
{
    public bool IsClean => Findings.Count == 0;
}
