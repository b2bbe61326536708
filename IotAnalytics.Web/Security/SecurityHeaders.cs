namespace IotAnalytics.Web.Security;

/// <summary>What browsers may do with our pages: nothing from elsewhere, no framing, no guessing of types.</summary>
internal static class SecurityHeaders
{
    private const string Strict = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>Swagger UI and the Hangfire dashboard bring scripts and styles in their pages.</summary>
    private const string Foreign = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        + "base-uri 'none'; frame-ancestors 'none'";

    public static IApplicationBuilder UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        var path = context.Request.Path;
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = path.StartsWithSegments("/swagger") || path.StartsWithSegments("/jobs") ? Foreign : Strict;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        return next(context);
    });
}
