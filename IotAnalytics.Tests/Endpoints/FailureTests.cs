using System.Data.Common;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using IotAnalytics.Tests.Fixtures;
using IotAnalytics.Web.Endpoints;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Endpoints;

public sealed class FailureTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fault_of_ours_tells_a_trace_id_and_nothing_of_the_inside()
    {
        var answer = await AskAsync(new InvalidOperationException("a secret of the inside"));

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal("internal_error", problem.GetProperty("code").GetString());
        Assert.NotEmpty(problem.GetProperty("trace_id").GetString()!);
        Assert.DoesNotContain("inside", problem.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(" at ", problem.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_is_told_with_a_time_to_come_back()
    {
        var answer = await AskAsync(new Unavailable());

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Contains("database_unavailable", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    /// <summary>Asks for a score from a host whose scorer fails like this.</summary>
    private static async Task<HttpResponseMessage> AskAsync(Exception failure)
    {
        await using var host = await TestHost.StartAsync(null, builder => builder.Services.AddSingleton<AdHocScorer>(_ => throw failure));
        return await host.Client.PostAsync("/api/v1/score", JsonContent.Create(new { }), Cancel);
    }

    private sealed class Unavailable() : DbException("locked");
}
