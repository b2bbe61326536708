using System.Reflection;
using System.Runtime.CompilerServices;
using IotAnalytics.Core;
using IotAnalytics.Web.Hosting;

namespace IotAnalytics.Tests.Architecture;

public sealed class ArrowTests
{
    private const int MaxLines = 400;
    private static readonly Assembly CoreAssembly = typeof(DataDirectory).Assembly;
    private static readonly Assembly MachineLearningAssembly = typeof(IotAnalytics.ML.IsolationForestTrainer).Assembly;
    private static readonly Assembly WebAssembly = typeof(AnalyticsHost).Assembly;

    [Fact]
    public void Core_knows_neither_the_web_project_nor_ASP_NET() =>
        Assert.DoesNotContain(CoreAssembly.GetReferencedAssemblies(), a =>
            a.Name!.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) || a.Name == WebAssembly.GetName().Name);

    [Theory]
    [InlineData("Readings", "CommitLog")]
    [InlineData("CommitLog", "Persistence")]
    [InlineData("Persistence", "")]
    [InlineData("Scoring", "Readings Modeling")]
    public void A_folder_uses_only_the_folders_it_may(string folder, string accepted)
    {
        var allowed = accepted.Split(' ').Append(folder).Append("Diagnostics").ToHashSet(StringComparer.Ordinal);

        var strangers = SourceTree.Files($"IotAnalytics.Core/{folder}")
            .SelectMany(file => SourceTree.Usings(file).Select(used => (file, used)))
            .Where(x => x.used.StartsWith("IotAnalytics.Core.", StringComparison.Ordinal) && !allowed.Contains(x.used.Split('.')[2]));

        Assert.Empty(strangers);
    }

    [Fact]
    public void Nothing_in_core_uses_the_pipeline_but_itself() => Assert.Empty(Users("IotAnalytics.Core.Pipeline", "IotAnalytics.Core/Pipeline/", "IotAnalytics.Web/"));

    [Fact]
    public void Parquet_is_known_to_the_lake_and_to_the_replay_of_files_only() =>
        Assert.Empty(Users("Parquet", "IotAnalytics.Core/Lake/", "IotAnalytics.Core/Simulation/Replay/"));

    [Fact]
    public void Amazon_is_known_to_one_store_of_the_lake_only() => Assert.Empty(Users("Amazon", "IotAnalytics.Core/Lake/Stores/S3/"));

    [Fact]
    public void SQLite_is_known_to_persistence_and_to_the_embedded_log_only() =>
        Assert.Empty(Users("Microsoft.Data.Sqlite", "IotAnalytics.Core/Persistence/", "IotAnalytics.Core/CommitLog/Embedded/"));

    [Fact]
    public void Npgsql_is_known_to_persistence_only() => Assert.Empty(Users("Npgsql", "IotAnalytics.Core/Persistence/"));

    [Fact]
    public void The_Kafka_client_is_known_to_the_Kafka_log_only() => Assert.Empty(Users("Confluent.Kafka", "IotAnalytics.Core/CommitLog/Kafka/"));

    [Fact]
    public void Hangfire_is_known_to_the_jobs_only() => Assert.Empty(Users("Hangfire", "IotAnalytics.Web/Jobs/"));

    [Fact]
    public void ML_NET_is_known_to_the_project_for_it_only() => Assert.Empty(Users("Microsoft.ML"));

    [Fact]
    public void Protocol_buffers_are_known_to_the_export_only() => Assert.Empty(Users("Google.Protobuf", "IotAnalytics.Core/Modeling/Interop/Onnx/"));

    [Fact]
    public void The_project_for_ML_NET_knows_models_and_no_host() => Assert.DoesNotContain(
        SourceTree.Files("IotAnalytics.ML").SelectMany(SourceTree.Usings),
        used => used.StartsWith("IotAnalytics.", StringComparison.Ordinal)
            && !used.StartsWith("IotAnalytics.Core.Modeling", StringComparison.Ordinal) && used != "IotAnalytics.Core.Scoring");

    [Fact]
    public void No_file_holds_more_than_one_concept_can_fill()
    {
        var tooLong = new[] { "IotAnalytics.Core", "IotAnalytics.ML", "IotAnalytics.Web", "IotAnalytics.Tests", "IotAnalytics.Benchmarks" }
            .SelectMany(SourceTree.Files).Where(file => SourceTree.Lines(file).Length > MaxLines);

        Assert.Empty(tooLong);
    }

    [Fact]
    public void Program_is_a_table_of_contents() => Assert.True(SourceTree.Lines("IotAnalytics.Web/Program.cs").Length <= 60);

    [Fact]
    public void Interfaces_are_ports_and_not_habits()
    {
        var types = OwnTypes().ToList();

        Assert.True(types.Count(t => t.IsInterface) < types.Count * 0.08, $"{types.Count(t => t.IsInterface)} of {types.Count} types are interfaces");
    }

    [Fact]
    public void No_namespace_bears_the_name_of_a_type()
    {
        var types = OwnTypes().ToList();
        var words = types.SelectMany(t => t.Namespace!.Split('.')).ToHashSet(StringComparer.Ordinal);

        Assert.DoesNotContain(types, t => words.Contains(t.Name));
    }

    private static IEnumerable<Type> OwnTypes() => CoreAssembly.GetTypes().Concat(WebAssembly.GetTypes()).Concat(MachineLearningAssembly.GetTypes()).Where(t =>
        t is { IsNested: false, Namespace: not null }
        && t.Namespace.StartsWith("IotAnalytics.", StringComparison.Ordinal)
        && t.GetCustomAttribute<CompilerGeneratedAttribute>() is null);

    /// <summary>Files of the product outside <paramref name="folders"/> that use a namespace or one below it.</summary>
    private static IEnumerable<string> Users(string used, params string[] folders) => SourceTree.Files("IotAnalytics.Core")
        .Concat(SourceTree.Files("IotAnalytics.Web"))
        .Where(file => !folders.Any(folder => file.StartsWith(folder, StringComparison.Ordinal)))
        .Where(file => SourceTree.Usings(file).Any(u => u == used || u.StartsWith(used + ".", StringComparison.Ordinal)));
}
