using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using IotAnalytics.Tests.Architecture;
using IotAnalytics.Tests.EndToEnd;
using IotAnalytics.Web.Commands;
using IotAnalytics.Web.Hosting;
using Microsoft.Extensions.Configuration;

namespace IotAnalytics.Tests.Deployment.Compose;

/// <summary>docker-compose.yml and what it names, read without a docker engine.</summary>
[SupportedOSPlatform("linux")]
public sealed class ComposeFileTests : IDisposable
{
    private const string Required = "run deploy/make-env.sh first";
    private readonly ComposeFile _compose = ComposeFile.Load();
    private readonly string _folder = Directory.CreateTempSubdirectory("iot-compose-").FullName;

    private string EnvPath => Path.Combine(_folder, "env");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_image_is_pinned_to_an_exact_version()
    {
        Assert.All(_compose.Services, s => Assert.Matches(@"^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?$", (string)s.Value["image"]!));
        var dockerfile = File.ReadAllText(Path.Combine(SourceTree.Root, "deploy", "Dockerfile"));
        Assert.Matches(@"ARG SDK=\d+\.\d+\.\d+-\w+\n", dockerfile);
        Assert.Matches(@"ARG RUNTIME=\d+\.\d+\.\d+-\w+-chiseled\n", dockerfile);
    }

    [Fact]
    public async Task There_is_no_default_secret_and_the_script_writes_exactly_what_is_asked_for()
    {
        foreach (var (service, definition) in _compose.Services.Where(s => s.Value.ContainsKey("environment")))
        {
            foreach (var (key, value) in ComposeFile.Map(definition["environment"]).Where(v => Regex.IsMatch($"{v.Key}={v.Value}", "PASSWORD|SECRET|ACCESS_KEY|Password=", RegexOptions.None)))
            {
                Assert.True(Regex.IsMatch((string)value!, $@"(^|Password=)\$\{{\w+:\?{Required}\}}$"), $"{service}: {key} has a value of its own");
            }
        }

        var written = await EnvironmentFile.MakeAsync(EnvPath);
        var asked = Regex.Matches(await File.ReadAllTextAsync(ComposeFile.Path, TestContext.Current.CancellationToken), @"\$\{(\w+):\?([^}]*)\}");
        Assert.All(asked, m => Assert.Equal(Required, m.Groups[2].Value));
        Assert.Equal(asked.Select(m => m.Groups[1].Value).Distinct().Append("COMPOSE_PROFILES").Order(), written.Keys.Order());
        Assert.Throws<InvalidOperationException>(() => _compose.Environment("host", new Dictionary<string, string>()));
    }

    [Fact]
    public async Task The_script_writes_random_secrets_for_the_owner_alone_and_never_overwrites_them()
    {
        var first = await EnvironmentFile.MakeAsync(EnvPath);
        var text = await File.ReadAllTextAsync(EnvPath, TestContext.Current.CancellationToken);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(EnvPath));

        var (exitCode, _, error) = await OutsideProgram.TryAsync(EnvironmentFile.Script, EnvPath);
        Assert.Equal(1, exitCode);
        Assert.Contains("left as it is", error, StringComparison.Ordinal);
        Assert.Equal(text, await File.ReadAllTextAsync(EnvPath, TestContext.Current.CancellationToken));

        var second = await EnvironmentFile.MakeAsync(EnvPath + "2");
        foreach (var name in first.Keys.Where(k => k != "COMPOSE_PROFILES"))
        {
            Assert.NotEqual(first[name], second[name]);
            Assert.Matches(name == "KAFKA_CLUSTER_ID" ? "^[A-Za-z0-9]{21}A$" : "^[A-Za-z0-9]{20,}$", first[name]);
        }

        // Sixteen bytes in base64, as Kafka wants it.
        Assert.Equal(16, Convert.FromBase64String(first["KAFKA_CLUSTER_ID"] + "==").Length);
    }

    [Fact]
    public void Only_host_and_Grafana_are_published_and_on_loopback()
    {
        var published = _compose.Services.Keys.SelectMany(s => _compose.Strings(s, "ports").Select(p => $"{s} {ComposeFile.Filled(p, new Dictionary<string, string>())}"));
        Assert.Equal(["grafana 127.0.0.1:3000:3000", "host 127.0.0.1:8080:8080"], published.Order());
        Assert.Equal("true", ComposeFile.Map(_compose.Networks["backend"])["internal"]);
    }

    [Fact]
    public void Every_file_volume_network_and_service_that_is_named_exists()
    {
        var used = new HashSet<string>();
        foreach (var (name, service) in _compose.Services)
        {
            foreach (var mount in _compose.Strings(name, "volumes").Select(v => v.Split(':')).Where(v => v.Length > 1))
            {
                if (mount[0].StartsWith("./", StringComparison.Ordinal))
                {
                    Assert.True(Directory.Exists(Path.Combine(SourceTree.Root, mount[0])), $"{name}: {mount[0]}");
                    Assert.True(Directory.EnumerateFiles(Path.Combine(SourceTree.Root, mount[0])).Any(), $"{name}: {mount[0]} is empty");
                    Assert.Equal("ro", mount[2]);
                }
                else
                {
                    Assert.Contains(mount[0], _compose.Volumes);
                    used.Add(mount[0]);
                }
            }

            Assert.NotEmpty(_compose.Strings(name, "networks"));
            Assert.All(_compose.Strings(name, "networks"), n => Assert.Contains(n, _compose.Networks.Keys));
            foreach (var (needed, condition) in service.TryGetValue("depends_on", out var needs) ? ComposeFile.Map(needs) : [])
            {
                Assert.Equal("service_healthy", ComposeFile.Map(condition)["condition"]);
                Assert.NotNull(_compose.HealthCommand((string)needed));
            }
        }

        Assert.Equal(_compose.Volumes.Order(), used.Order());
    }

    [Fact]
    public void Every_service_is_bounded_restarted_and_without_privileges()
    {
        foreach (var (name, service) in _compose.Services)
        {
            Assert.Equal("unless-stopped", service["restart"]);
            Assert.Equal(["ALL"], _compose.Strings(name, "cap_drop"));
            Assert.Equal(["no-new-privileges:true"], _compose.Strings(name, "security_opt"));
            Assert.All(new[] { "mem_limit", "cpus", "pids_limit" }, k => Assert.True(service.ContainsKey(k), $"{name} has no {k}"));
            Assert.Contains("max-size", ComposeFile.Map(ComposeFile.Map(service["logging"])["options"]).Keys);
            Assert.True(name == "kafka" || service["read_only"] is "true", $"{name} may write its root file system");
            Assert.True(name == "simulator" || _compose.HealthCommand(name) is not null, $"{name} has no health check");
        }
    }

    [Fact]
    public async Task The_host_knows_every_option_and_is_given_the_time_to_cut()
    {
        var environment = _compose.Environment("host", await EnvironmentFile.MakeAsync(EnvPath));
        var options = environment.Where(v => v.Key.StartsWith("Iot__", StringComparison.Ordinal))
            .Select(v => KeyValuePair.Create(v.Key["Iot__".Length..].Replace("__", ":", StringComparison.Ordinal), (string?)v.Value)).ToList();
        Assert.True(options.Count > 10);
        Assert.Empty(OptionErrors.Find(new ConfigurationBuilder().AddInMemoryCollection(options).Build(), KnownSections.All).Errors);
        Assert.Equal(environment, _compose.Environment("worker", await EnvironmentFile.MakeAsync(EnvPath + "2")).ToDictionary(v => v.Key, v => environment[v.Key]));
        Assert.True(int.Parse(((string)_compose.Services["host"]["stop_grace_period"]!).TrimEnd('s'), System.Globalization.CultureInfo.InvariantCulture) > 60);
    }

    [Fact]
    public void Commands_are_verbs_of_the_program_and_the_image_asks_for_its_health_as_compose_does()
    {
        Assert.Empty(SimulateCommand.Create().Parse([.. _compose.Strings("simulator", "command").Skip(1)]).Errors);
        Assert.Equal("simulate", _compose.Strings("simulator", "command")[0]);
        Assert.Equal(["CMD", "/app/IotAnalytics.Web", HealthCommand.Create().Name], _compose.HealthCommand("host")!);
        var dockerfile = File.ReadAllText(Path.Combine(SourceTree.Root, "deploy", "Dockerfile"));
        Assert.Contains("CMD [\"/app/IotAnalytics.Web\", \"health\"]", dockerfile, StringComparison.Ordinal);
        Assert.Contains("ENTRYPOINT [\"/app/IotAnalytics.Web\"]\nCMD [\"serve\"]", dockerfile, StringComparison.Ordinal);
        Assert.Matches(@"USER [1-9]\d*:[1-9]\d*", dockerfile);
    }

    [Fact]
    public void The_image_is_built_from_files_that_exist_and_that_the_context_contains()
    {
        var allowed = File.ReadAllLines(Path.Combine(SourceTree.Root, ".dockerignore")).Where(l => l.StartsWith('!')).Select(l => l[1..]).ToList();
        var copied = File.ReadAllLines(Path.Combine(SourceTree.Root, "deploy", "Dockerfile")).Where(l => l.StartsWith("COPY ", StringComparison.Ordinal) && !l.Contains("--from", StringComparison.Ordinal))
            .SelectMany(l => l.Split(' ')[1..^1]).ToList();
        Assert.All(copied, file => Assert.True(Path.Exists(Path.Combine(SourceTree.Root, file)), file));
        Assert.All(copied, file => Assert.Contains(file.Split('/')[0], allowed));
        Assert.All(allowed, file => Assert.Contains(file, copied.Select(c => c.Split('/')[0])));
        foreach (var project in Projects("IotAnalytics.Web"))
        {
            Assert.Contains($"{project}/{project}.csproj", copied);
            Assert.Contains($"{project}/packages.lock.json", copied);
            Assert.Contains(project, copied);
        }

        var compose = ComposeFile.Map(_compose.Services["host"]["build"]);
        Assert.Equal((".", true), ((string)compose["context"]!, File.Exists(Path.Combine(SourceTree.Root, (string)compose["dockerfile"]!))));
    }

    [Fact]
    public async Task Grafana_gets_every_variable_that_its_files_ask_for_and_finds_its_dashboards()
    {
        var environment = _compose.Environment("grafana", await EnvironmentFile.MakeAsync(EnvPath));
        var provisioning = Path.Combine(SourceTree.Root, "deploy", "grafana", "provisioning");
        foreach (Match variable in Directory.GetFiles(provisioning, "*.yaml", SearchOption.AllDirectories).SelectMany(f => Regex.Matches(File.ReadAllText(f), @"\$\{(\w+)\}")))
        {
            Assert.Contains(variable.Groups[1].Value, environment.Keys);
        }

        var dashboards = _compose.Strings("grafana", "volumes").Single(v => v.StartsWith("./deploy/grafana/dashboards:", StringComparison.Ordinal)).Split(':')[1];
        Assert.Contains($"path: {dashboards}\n", await File.ReadAllTextAsync(Path.Combine(provisioning, "dashboards", "iot.yaml"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal($"{dashboards}/overview.json", environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]);
        Assert.Equal(_compose.Environment("postgres", await EnvironmentFile.MakeAsync(EnvPath + "2"))["GRAFANA_DB_PASSWORD"].Length, environment["GRAFANA_DB_PASSWORD"].Length);
    }

    private static IEnumerable<string> Projects(string project)
    {
        var file = File.ReadAllText(Path.Combine(SourceTree.Root, project, $"{project}.csproj"));
        return Regex.Matches(file, "ProjectReference Include=\"[^\"]*\\\\([\\w.]+)\\.csproj\"").SelectMany(m => Projects(m.Groups[1].Value)).Append(project).Distinct();
    }
}
