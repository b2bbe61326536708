using System.CommandLine;

namespace IotAnalytics.Web.Commands.Registry;

/// <summary><c>models</c>: the registry of a running host, over its REST API.</summary>
internal static class ModelsCommand
{
    public static Command Create() => new("models", "The model registry of a running host.")
    {
        ModelsListCommand.Create(),
        ModelsTrainCommand.Create(),
        ModelsCompareCommand.Create(),
        ModelsPromoteCommand.Create(),
        ModelsRollbackCommand.Create(),
    };
}
