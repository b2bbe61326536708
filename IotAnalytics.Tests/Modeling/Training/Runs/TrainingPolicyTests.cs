using IotAnalytics.Core.Modeling.Training.Runs;
using Microsoft.Extensions.Configuration;

namespace IotAnalytics.Tests.Modeling.Training.Runs;

public sealed class TrainingPolicyTests
{
    [Fact]
    public void A_profile_without_the_section_has_the_defaults() =>
        Assert.Equal(new TrainingPolicy("0 3 * * *", TimeSpan.FromDays(14), "Manual", TimeSpan.FromDays(90)), Read([], out _));

    [Fact]
    public void Every_key_is_read()
    {
        var policy = Read(
            new() { ["Schedule"] = "*/30 2-4 1,15 * 1-5", ["Window"] = "2.00:00:00", ["Promotion"] = "Managed", ["MaxAge"] = "30.00:00:00" }, out var errors);

        Assert.Empty(errors);
        Assert.Equal(new TrainingPolicy("*/30 2-4 1,15 * 1-5", TimeSpan.FromDays(2), "Managed", TimeSpan.FromDays(30)), policy);
    }

    [Fact]
    public void Everything_wrong_is_told_with_key_value_and_what_is_accepted()
    {
        Read(new() { ["Schedule"] = "0 25 * * *", ["Window"] = "00:10:00", ["Promotion"] = "Auto", ["MaxAge"] = "soon", ["Wndow"] = "1" }, out var errors);

        Assert.Equal(5, errors.Count);
        Assert.Contains(errors, e => e.StartsWith("Profiles:climate:Training:Schedule: '0 25 * * *' is not accepted; accepted is five cron fields", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.StartsWith("Profiles:climate:Training:Window: '00:10:00'", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.StartsWith("Profiles:climate:Training:Promotion: 'Auto' is not accepted; accepted is Managed or Manual", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.StartsWith("Profiles:climate:Training:MaxAge: 'soon'", StringComparison.Ordinal));
        Assert.Contains(errors, e => e.StartsWith("Profiles:climate:Training:Wndow: an unknown key", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("never", true)]
    [InlineData("0 3 * * 7", true)]
    [InlineData("0 3 * *", false)]
    [InlineData("60 3 * * *", false)]
    [InlineData("5-2 3 * * *", false)]
    [InlineData("*/0 3 * * *", false)]
    [InlineData("0 3 0 * *", false)]
    [InlineData("nightly", false)]
    public void A_schedule_has_five_fields_within_their_ranges(string schedule, bool isAccepted)
    {
        Read(new() { ["Schedule"] = schedule }, out var errors);

        Assert.Equal(isAccepted, errors.Count == 0);
    }

    private static TrainingPolicy Read(Dictionary<string, string?> values, out List<string> errors)
    {
        var settings = values.ToDictionary(v => $"Profiles:climate:Training:{v.Key}", v => v.Value);
        errors = [];
        return TrainingPolicy.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build().GetSection("Profiles:climate:Training"), errors);
    }
}
