using IotAnalytics.Web.Security;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace IotAnalytics.Web.Endpoints;

/// <summary>The body of an operation, for the API's description. Not "accepts" metadata, for the reason of <see cref="ReadingContent.Described"/>.</summary>
internal sealed record DescribedBody(Type Type);

/// <summary>Describes the bodies that <see cref="DescribedBody"/> names.</summary>
internal sealed class DescribedBodies : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        if (context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<DescribedBody>().SingleOrDefault() is { } content)
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, IOpenApiMediaType>
                {
                    [ReadingContent.Json] = new OpenApiMediaType { Schema = context.SchemaGenerator.GenerateSchema(content.Type, context.SchemaRepository) },
                },
            };
        }
    }
}

/// <summary>Says which scope an operation needs.</summary>
internal sealed class RequiredScopes : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var scope = context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<RequiredScope>().LastOrDefault()?.Scope ?? Scopes.Administrator;
        var text = $"Scope: {string.Join(", ", Scopes.Including(scope).Select(s => $"`{s}`"))}.";
        operation.Description = string.IsNullOrEmpty(operation.Description) ? text : $"{operation.Description}\n\n{text}";
    }
}
