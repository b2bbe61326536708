namespace IotAnalytics.Core.Simulation.Targets;

/// <summary>Where readings are sent: the value of <c>--target</c>.</summary>
internal static class ReadingsTargetAddress
{
    /// <summary>The default of <c>--target</c>.</summary>
    public const string Default = "http://127.0.0.1:8080";

    /// <summary>Parses a target. The path of the API is added to what is given.</summary>
    /// <param name="text">For example <c>http://127.0.0.1:8080</c>.</param>
    /// <param name="url">The address to post to.</param>
    /// <param name="error">One line that names the value and what is accepted.</param>
    public static bool TryParse(string text, out Uri url, out string error)
    {
        url = null!;
        error = "";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https") || parsed.Host.Length == 0)
        {
            error = $"--target '{text}' is not http://host:port, https://host:port or kafka://host:port[,host:port]/topic.";
            return false;
        }

        url = new Uri(parsed.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/api/v1/readings");
        return true;
    }
}
