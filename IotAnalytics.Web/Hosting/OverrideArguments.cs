using IotAnalytics.Web.Commands;

namespace IotAnalytics.Web.Hosting;

/// <summary>Configuration given on the command line: <c>--Section:Key=value</c> or <c>--Section:Key value</c>.</summary>
internal static class OverrideArguments
{
    public static Dictionary<string, string?> Parse(IReadOnlyList<string> arguments)
    {
        var overrides = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (!argument.StartsWith("--", StringComparison.Ordinal) || argument.Length == 2)
            {
                throw new CommandException(CommandLine.BadInput, $"'{argument}' is neither a verb nor an option: --help shows the verbs, --Section:Key=value sets an option");
            }

            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                overrides[argument[2..equals]] = argument[(equals + 1)..];
            }
            else if (i + 1 < arguments.Count && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal))
            {
                overrides[argument[2..]] = arguments[++i];
            }
            else
            {
                throw new CommandException(CommandLine.BadInput, $"'{argument}' has no value: --Section:Key=value");
            }
        }

        return overrides;
    }
}
