using System.Globalization;
using Google.Protobuf;
using IotAnalytics.Core.Modeling.Forests;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Interop.Onnx;

/// <summary>
/// A forest as an ONNX model: features in (N × columns, 32-bit floats; NaN is missing), <c>score</c> (N × 1) and <c>is_anomaly</c> (N × 1) out.
/// Imputer → TreeEnsembleRegressor, whose leaves are path lengths → Mul, Exp → Greater. Thresholds are kept bit for bit; path lengths are
/// added as 32-bit floats, which moves a score by less than 1e-5.
/// </summary>
internal static class OnnxExport
{
    private const int IrVersion = 8;
    private const int OperatorSet = 13;
    private const int TreeOperatorSet = 3;
    private const string TreeDomain = "ai.onnx.ml";

    /// <exception cref="InteropException">The model's detector is no axis-parallel isolation forest.</exception>
    public static byte[] Write(ModelSnapshot model) => model.Detector is IsolationForest forest
        ? Build(model, forest).ToByteArray()
        : throw new InteropException($"A detector of kind '{model.Detector.Kind}' cannot be exported to ONNX; accepted: {IsolationForest.KindName}.");

    private static ModelProto Build(ModelSnapshot model, IsolationForest forest)
    {
        var graph = new GraphProto
        {
            Name = "isolation_forest",
            Node =
            {
                Node("Imputer", ["features"], "imputed", TreeDomain, Floats("imputed_value_floats", model.FeatureMedians), Float("replaced_value_float", float.NaN)),
                Trees(forest),
                Node("Mul", ["path", "minus_ln2_per_path"], "exponent"),
                Node("Exp", ["exponent"], "score"),
                Node("Greater", ["score", "threshold"], "is_anomaly"),
            },
            Initializer =
            {
                Constant("minus_ln2_per_path", (float)(-Math.Log(2) / (forest.Trees * forest.Normalizer))),
                Constant("threshold", (float)model.Threshold),
            },
            Input = { Value("features", TensorProto.Types.DataType.Float, forest.FeatureCount) },
            Output = { Value("score", TensorProto.Types.DataType.Float, 1), Value("is_anomaly", TensorProto.Types.DataType.Bool, 1) },
        };
        return new ModelProto
        {
            IrVersion = IrVersion,
            ProducerName = "IotAnalytics",
            DocString = $"Isolation forest {model.Name} version {model.Version}.",
            Graph = graph,
            OpsetImport = { new OperatorSetIdProto { Version = OperatorSet }, new OperatorSetIdProto { Domain = TreeDomain, Version = TreeOperatorSet } },
            MetadataProps =
            {
                Property("features", string.Join(',', model.FeatureNames)),
                Property("threshold", model.Threshold.ToString("R", CultureInfo.InvariantCulture)),
                Property("model_sha256", model.Sha256),
            },
        };
    }

    private static NodeProto Trees(IsolationForest forest)
    {
        var count = forest.Nodes.Length;
        long[] trees = new long[count], ids = new long[count], features = new long[count], left = new long[count], right = new long[count];
        var thresholds = new float[count];
        var modes = new string[count];
        List<long> leafTrees = [], leafIds = [];
        List<float> paths = [];
        for (var tree = 0; tree < forest.Trees; tree++)
        {
            var end = tree + 1 < forest.Trees ? forest.Roots[tree + 1] : count;
            for (var i = forest.Roots[tree]; i < end; i++)
            {
                var node = forest.Nodes[i];
                trees[i] = tree;
                ids[i] = i - forest.Roots[tree];
                modes[i] = node.IsLeaf ? "LEAF" : "BRANCH_LEQ";
                if (node.IsLeaf)
                {
                    leafTrees.Add(tree);
                    leafIds.Add(ids[i]);
                    paths.Add((float)(node.Leaf * forest.LeafUnit));
                }
                else
                {
                    features[i] = node.Feature;
                    thresholds[i] = node.Threshold;
                    left[i] = ids[i] + 1;
                    right[i] = node.Right - forest.Roots[tree];
                }
            }
        }

        return Node(
            "TreeEnsembleRegressor",
            ["imputed"],
            "path",
            TreeDomain,
            Ints("nodes_treeids", trees),
            Ints("nodes_nodeids", ids),
            Ints("nodes_featureids", features),
            Floats("nodes_values", thresholds),
            Strings("nodes_modes", modes),
            // What is at most the threshold goes left, and so does a NaN.
            Ints("nodes_truenodeids", left),
            Ints("nodes_falsenodeids", right),
            Ints("nodes_missing_value_tracks_true", Enumerable.Repeat(1L, count)),
            Ints("target_treeids", leafTrees),
            Ints("target_nodeids", leafIds),
            Ints("target_ids", Enumerable.Repeat(0L, paths.Count)),
            Floats("target_weights", paths),
            new AttributeProto { Name = "n_targets", Type = AttributeProto.Types.AttributeType.Int, I = 1 });
    }

    private static NodeProto Node(string type, string[] inputs, string output, string domain = "", params AttributeProto[] attributes) =>
        new() { OpType = type, Name = $"{type}_{output}", Input = { inputs }, Output = { output }, Domain = domain, Attribute = { attributes } };

    private static AttributeProto Float(string name, float value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value };

    private static AttributeProto Floats(string name, IEnumerable<float> values) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Floats, Floats = { values } };

    private static AttributeProto Ints(string name, IEnumerable<long> values) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { values } };

    private static AttributeProto Strings(string name, IEnumerable<string> values) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Strings, Strings = { values.Select(ByteString.CopyFromUtf8) } };

    private static TensorProto Constant(string name, float value) =>
        new() { Name = name, DataType = (int)TensorProto.Types.DataType.Float, Dims = { 1 }, FloatData = { value } };

    private static StringStringEntryProto Property(string key, string value) => new() { Key = key, Value = value };

    private static ValueInfoProto Value(string name, TensorProto.Types.DataType type, int columns) => new()
    {
        Name = name,
        Type = new TypeProto
        {
            TensorType = new TypeProto.Types.Tensor
            {
                ElemType = (int)type,
                Shape = new TensorShapeProto
                {
                    Dim = { new TensorShapeProto.Types.Dimension { DimParam = "N" }, new TensorShapeProto.Types.Dimension { DimValue = columns } },
                },
            },
        },
    };
}
