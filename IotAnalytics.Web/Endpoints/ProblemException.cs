namespace IotAnalytics.Web.Endpoints;

/// <summary>A refusal from below an endpoint; answered as it is.</summary>
internal sealed class ProblemException(Problem problem) : Exception
{
    public Problem Problem { get; } = problem;
}
