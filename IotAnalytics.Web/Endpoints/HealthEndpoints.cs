using System.Data.Common;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Pipeline;

namespace IotAnalytics.Web.Endpoints;

/// <summary>
/// <c>/health/live</c>: the process answers. <c>/health/startup</c>: the start is over. <c>/health/ready</c>: readings are accepted and scored.
/// Open to everyone: they tell a word and nothing else.
/// </summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").AllowAnonymous().ExcludeFromDescription();
        health.MapGet("/live", () => TypedResults.Text("live"));

        // HTTP is the last thing that starts: who hears this answer has waited long enough.
        health.MapGet("/startup", () => TypedResults.Text("started"));
        health.MapGet("/ready", ReadyAsync);
    }

    private static async Task<IResult> ReadyAsync(PipelineMonitor pipeline, DatabaseReader database, CancellationToken cancellationToken)
    {
        if (!pipeline.IsReady)
        {
            return NotReady("the pipeline is starting");
        }

        try
        {
            await database.ReadAsync(
                transaction =>
                {
                    using var command = transaction.Query("SELECT count(*) FROM stream_partition");
                    return command.ExecuteScalar();
                },
                cancellationToken);
        }
        catch (DbException)
        {
            return NotReady("the database does not answer");
        }

        return TypedResults.Text("ready");
    }

    private static IResult NotReady(string reason) => TypedResults.Text($"not ready: {reason}", statusCode: StatusCodes.Status503ServiceUnavailable);
}
