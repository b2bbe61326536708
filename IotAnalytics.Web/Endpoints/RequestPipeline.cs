using System.Data.Common;
using IotAnalytics.Web.Hosting;
using IotAnalytics.Web.Jobs;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Diagnostics;

namespace IotAnalytics.Web.Endpoints;

/// <summary>The way of a request: failures, headers, who asks, what he may, the endpoint.</summary>
internal static class RequestPipeline
{
    private static readonly TimeSpan DatabaseRetry = TimeSpan.FromSeconds(5);

    public static IServiceCollection AddEndpoints(this IServiceCollection services)
    {
        services.AddRouting();
        services.ConfigureHttpJsonOptions(o => ApiJson.Configure(o.SerializerOptions));
        services.AddApiDescription();
        services.AddSingleton<AdHocScorer>();
        return services;
    }

    public static void UseRequestPipeline(this WebApplication app)
    {
        app.UseSecurityHeaders();
        app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = FailAsync, SuppressDiagnosticsCallback = _ => true });
        app.UseStatusCodePages(context => EmptyAsync(context.HttpContext));
        app.UseRouting();
        app.UseSameOrigin();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseRateLimiter();

        // Behind the authorization, whose fallback guards what is no endpoint.
        app.UseApiDescription();

        app.MapLogin();
        app.MapPage();
        app.MapDocumentation();
        app.MapHealth();
        app.MapPrometheus();
        app.MapJobsDashboard();
        var api = app.MapGroup("/api/v1").RequireRateLimiting(KeyRateLimit.Policy);
        api.MapReadings();
        api.MapScore();
        api.MapHost();
        api.MapSensors();
        api.MapSensorMetrics();
        api.MapSensorReadings();
        api.MapAnomalies();
        api.MapVerdicts();
        api.MapDeadLetters();
        api.MapPipeline();
        api.MapLive();
        api.MapProfiles();
        api.MapModels();
        api.MapModelAliases();
        api.MapModelInForce();
        api.MapModelShadow();
        api.MapTrainingRuns();
        api.MapGate();
        api.MapDrift();
        api.MapExclusions();
        api.MapLake();
        api.MapApiKeys();
        api.MapAudit();
    }

    /// <summary>A scraper on this machine needs no key; one elsewhere brings it like everybody.</summary>
    private static void MapPrometheus(this WebApplication app) => app.MapPrometheusScrapingEndpoint("/metrics").RequireViewerUnlessLocal();

    /// <summary>The last resort: the answer tells a trace id and nothing of the inside.</summary>
    private static Task FailAsync(HttpContext context)
    {
        var error = context.Features.Get<IExceptionHandlerFeature>()!.Error;
        var logger = context.RequestServices.GetRequiredService<ILogger<Problem>>();
        switch (error)
        {
            case ProblemException refused:
                return refused.Problem.ExecuteAsync(context);
            case BadHttpRequestException bad:
                return new Problem(bad.StatusCode, CodeOf(bad.StatusCode), bad.Message).ExecuteAsync(context);
            case DbException:
                Log.DatabaseUnavailable(logger, error, context.Request.Method, context.Request.Path, Problem.TraceId(context));
                return new Problem(StatusCodes.Status503ServiceUnavailable, "database_unavailable", "The database does not answer now.")
                {
                    RetryAfter = DatabaseRetry,
                }.ExecuteAsync(context);
            default:
                Log.RequestFailed(logger, error, context.Request.Method, context.Request.Path, Problem.TraceId(context));
                return new Problem(StatusCodes.Status500InternalServerError, "internal_error", "The host failed; its log has the trace id.").ExecuteAsync(context);
        }
    }

    /// <summary>Answers that the framework gives without a body: no such route, no such method, too large.</summary>
    private static Task EmptyAsync(HttpContext context)
    {
        var status = context.Response.StatusCode;
        var detail = status switch
        {
            StatusCodes.Status404NotFound => $"There is nothing at {context.Request.Path}.",
            StatusCodes.Status405MethodNotAllowed => $"{context.Request.Method} is not accepted here; accepted: {context.Response.Headers.Allow}.",
            _ => "The request was refused.",
        };
        return new Problem(status, CodeOf(status), detail).ExecuteAsync(context);
    }

    private static string CodeOf(int status) => status switch
    {
        StatusCodes.Status404NotFound => "not_found",
        StatusCodes.Status405MethodNotAllowed => "method_not_allowed",
        StatusCodes.Status408RequestTimeout => "request_timeout",
        StatusCodes.Status413PayloadTooLarge => "body_too_large",
        StatusCodes.Status415UnsupportedMediaType => "unsupported_media_type",
        StatusCodes.Status429TooManyRequests => "too_many_requests",
        >= 500 => "internal_error",
        _ => "bad_request",
    };
}
