using IotAnalytics.Core.Readings;
using IotAnalytics.Web.Security;
using Microsoft.AspNetCore.Http.HttpResults;

namespace IotAnalytics.Web.Endpoints;

/// <summary><c>GET /profiles</c>: the kinds of sensors, as configured.</summary>
internal static class ProfileEndpoints
{
    public static void MapProfiles(this IEndpointRouteBuilder api) => api
        .MapGet("/profiles", Get).RequireScope(Scopes.Viewer).WithTags("Profiles").WithSummary("Kinds of sensors: measurements, features and detectors");

    private static Ok<Page<ProfileResponse>> Get(ProfileCatalog catalog) => TypedResults.Ok(new Page<ProfileResponse>(
        [.. catalog.Profiles.Select(p => new ProfileResponse(
            p.Name,
            p.ExpectedInterval,
            [.. p.Measurements.Select(m => new MeasurementResponse(m.Name, m.Unit, m.Min, m.Max))],
            [.. p.Features.Select(f => new FeatureResponse(f.Name, f.Expression))],
            [.. p.Detectors.Select(d => new DetectorResponse(d.Kind, d.Trees, d.SampleSize, d.BootstrapContamination, d.TargetAlarmRate, d.Features))]))],
        NextCursor: null));
}

/// <summary>A kind of sensor.</summary>
/// <param name="ExpectedInterval">The usual time between two readings of one sensor, <c>hh:mm:ss</c>.</param>
public sealed record ProfileResponse(
    string Name, TimeSpan ExpectedInterval, IReadOnlyList<MeasurementResponse> Measurements, IReadOnlyList<FeatureResponse> Features,
    IReadOnlyList<DetectorResponse> Detectors);

/// <summary>A measurement with its physical range.</summary>
/// <param name="Unit">UCUM code.</param>
public sealed record MeasurementResponse(string Name, string Unit, double Min, double Max);

/// <summary>What the model sees.</summary>
public sealed record FeatureResponse(string Name, string Expression);

/// <summary>How a profile is scored.</summary>
/// <param name="Features">The features that it sees; none named: all that are computed from the reading alone.</param>
public sealed record DetectorResponse(string Kind, int Trees, int SampleSize, double BootstrapContamination, double TargetAlarmRate, IReadOnlyList<string> Features);
