using System.Text.Json;
using IotAnalytics.Core.Modeling.SelfChecks;
using Microsoft.Extensions.DependencyInjection;

namespace IotAnalytics.Tests.Endpoints;

public sealed class ModelStateTests(SeededHost host) : IClassFixture<SeededHost>
{
    [Fact]
    public async Task The_list_tells_of_each_model_what_scores_and_how_it_is()
    {
        var models = (await host.GetAsync("/models")).GetProperty("items").EnumerateArray().ToDictionary(m => m.GetProperty("name").GetString()!);

        var climate = models["climate"];
        Assert.Equal(("1", "1", "warming_up"), (Text(climate, "champion"), Text(climate, "newest_version"), Text(climate, "state")));
        Assert.Equal("5 of 5 sensors have had fewer than 200 readings.", Text(Assert.Single(climate.GetProperty("checks").EnumerateArray()), "message"));
        Assert.InRange(climate.GetProperty("champion_age_seconds").GetDouble(), 0, 600);
        Assert.NotNull(Text(climate, "champion_since"));
        Assert.Equal(JsonValueKind.Null, climate.GetProperty("alarm_rate").ValueKind);
        Assert.Equal(0, climate.GetProperty("precision").GetProperty("confirmed").GetInt32());
        var boiler = models["boiler"];
        Assert.Equal(("2", "10", "no_profile"), (Text(boiler, "champion"), Text(boiler, "newest_version"), Text(boiler, "state")));
    }

    [Fact]
    public async Task The_meters_show_what_fails()
    {
        await host.Host.Services.GetRequiredService<ModelCheckService>().CheckAsync(TestContext.Current.CancellationToken);

        var metrics = await host.Host.Anonymous.GetStringAsync("/metrics", TestContext.Current.CancellationToken);

        Assert.Matches("""(?m)^iot_model_check\{[^}]*check="no_profile"[^}]*model="boiler"[^}]*\} 1$""", metrics);
        Assert.Matches("""(?m)^iot_model_check\{[^}]*check="no_model"[^}]*model="boiler"[^}]*\} 0$""", metrics);
        Assert.Matches("""(?m)^iot_model_version\{[^}]*model="boiler"[^}]*\} 2$""", metrics);
        Assert.Matches("""(?m)^iot_model_age_seconds\{[^}]*model="boiler"[^}]*\} """, metrics);
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
