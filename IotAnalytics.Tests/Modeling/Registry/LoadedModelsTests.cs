using System.Globalization;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Tests.Modeling.Registry;

public sealed class LoadedModelsTests
{
    [Fact]
    public void The_versions_used_last_are_kept()
    {
        var models = new LoadedModels();
        var plain = SampleModels.Plain(2, new IsolationForestOptions { Trees = 2 });
        for (var version = 1; version <= LoadedModels.Capacity + 10; version++)
        {
            models.Keep(Version(version));
            Assert.NotNull(models.Find("plain", "1"));
        }

        Assert.Null(models.Find("plain", "2"));
        Assert.Null(models.Find("plain", "11"));
        Assert.NotNull(models.Find("plain", "12"));
        Assert.Null(models.Find("another", "12"));

        ModelSnapshot Version(int number) => plain with { Card = plain.Card with { Version = number.ToString(CultureInfo.InvariantCulture) } };
    }

    [Fact]
    public void Two_who_load_one_version_get_the_same()
    {
        var models = new LoadedModels();
        var plain = SampleModels.Plain(2, new IsolationForestOptions { Trees = 2 });

        Assert.Same(models.Keep(plain), models.Keep(plain with { Sha256 = "other" }));
    }
}
