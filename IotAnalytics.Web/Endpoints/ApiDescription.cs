using System.Text.Json.Nodes;
using IotAnalytics.Web.Hosting;
using IotAnalytics.Web.Security;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace IotAnalytics.Web.Endpoints;

/// <summary>The OpenAPI document at <c>/swagger/v1/swagger.json</c> and Swagger UI over it.</summary>
internal static class ApiDescription
{
    public const string DocumentName = "v1";

    public static IServiceCollection AddApiDescription(this IServiceCollection services)
    {
        services.AddEndpointsApiExplorer();
        return services.AddSwaggerGen(options =>
        {
            options.SwaggerDoc(DocumentName, new OpenApiInfo
            {
                Title = "IotAnalytics",
                Version = HostInfo.Version,
                Description = "Sensor readings in; scored, explained and kept. Times are ISO-8601 UTC, lists come in pages of `items` and `next_cursor`, "
                    + "errors are RFC 9457 problem details with a `code`, `errors` and a `trace_id`.",
            });
            options.AddSecurityDefinition("bearer", new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key, for example the administrator's." });
            options.AddSecurityDefinition("api_key", new OpenApiSecurityScheme { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = ApiKeyHandler.Header });
            options.AddSecurityRequirement(document => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("bearer", document)] = [] });
            options.AddSecurityRequirement(document => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("api_key", document)] = [] });
            options.IncludeXmlComments(typeof(ApiDescription).Assembly);
            options.SupportNonNullableReferenceTypes();
            options.NonNullableReferenceTypesAsRequired();
            options.OperationFilter<ParameterDescriptions>();
            options.OperationFilter<ReadingExamples>();
            options.OperationFilter<DescribedBodies>();
            options.OperationFilter<RequiredScopes>();
            options.OperationFilter<Refusals>();
        });
    }

    public static void UseApiDescription(this WebApplication app)
    {
        app.UseSwagger();
        app.UseSwaggerUI(options =>
        {
            options.SwaggerEndpoint($"/swagger/{DocumentName}/swagger.json", "IotAnalytics");
            options.DocumentTitle = "IotAnalytics API";
        });
    }

    /// <summary>What the same parameter means wherever it appears.</summary>
    private sealed class ParameterDescriptions : IOperationFilter
    {
        private static readonly Dictionary<string, string> Texts = new(StringComparer.Ordinal)
        {
            ["limit"] = "Items in the answer, 1 to 1000. Default 100.",
            ["cursor"] = "The `next_cursor` of the page before.",
            ["from"] = "Earliest time, included; ISO-8601 with zone.",
            ["to"] = "Latest time, excluded; ISO-8601 with zone.",
            ["bucket"] = "`1m` or `1h`. Default `1m`.",
            ["measurement"] = "Only this measurement.",
            ["sensor_id"] = "The sensor's id.",
            ["profile"] = "Only sensors of this profile.",
            ["min_severity"] = "`low`, `medium`, `high` or `critical`.",
            ["reading"] = "`<source>-<partition>-<offset>`, with or without `-<item>`.",
            ["verdict"] = "`confirmed`, `dismissed`, or `none`: nobody has judged it.",
            ["alias"] = "Only changes of `champion` or `shadow`.",
            ["reason"] = "Only this reason, for example `missing_timestamp`.",
            ["id"] = "`<source>-<partition>-<offset>-<item>`.",
            ["key_id"] = "The `id` of the list.",
            ["action"] = "Only this action.",
            ["name"] = "The model's name, which is its profile's.",
            ["version"] = "A rising number.",
        };

        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
            {
                parameter.Description ??= Texts.GetValueOrDefault(parameter.Name ?? "");
            }
        }
    }

    /// <summary>Readings one can send as they stand.</summary>
    private sealed class ReadingExamples : IOperationFilter
    {
        private const string One = """{"sensor_id":"sensor_001","timestamp":"2026-01-01T00:00:00.000Z","temperature":23.42,"humidity":51.2}""";
        private const string Two = """{"sensor_id":"sensor_002","timestamp":"2026-01-01T00:00:00.000Z","temperature":95.2,"humidity":9.8}""";

        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            if (context.ApiDescription.ActionDescriptor.EndpointMetadata.Contains(ReadingContent.Described))
            {
                operation.RequestBody = new OpenApiRequestBody
                {
                    Required = true,
                    Description = "One reading, an array, or one reading a line. Measurements are those of the sensor's profile.",
                    Content = new Dictionary<string, IOpenApiMediaType>
                    {
                        [ReadingContent.Json] = new OpenApiMediaType
                        {
                            Examples = Examples(("an array", JsonNode.Parse($"[{One},{Two}]")!), ("one reading", JsonNode.Parse(One)!)),
                        },
                        [ReadingContent.Ndjson] = new OpenApiMediaType { Examples = Examples(("one a line", JsonValue.Create($"{One}\n{Two}\n"))) },
                    },
                };
            }
        }

        private static Dictionary<string, IOpenApiExample> Examples(params (string Name, JsonNode Value)[] examples) =>
            examples.ToDictionary(e => e.Name, IOpenApiExample (e) => new OpenApiExample { Value = e.Value });
    }

    /// <summary>Every operation refuses in one form.</summary>
    private sealed class Refusals : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            operation.Responses ??= [];
            operation.Responses["default"] = new OpenApiResponse
            {
                Description = "Refused; `code` says why.",
                Content = new Dictionary<string, IOpenApiMediaType>
                {
                    [Problem.ContentType] = new OpenApiMediaType { Schema = context.SchemaGenerator.GenerateSchema(typeof(ProblemBody), context.SchemaRepository) },
                },
            };
        }
    }
}
