namespace IotAnalytics.Core.Readings.Features;

/// <summary>The features of a profile, computed from its measurements. A result that is not finite as a float, or that needs a missing
/// measurement, is NaN. Safe for use by many threads; allocates only once per thread.</summary>
internal sealed class FeatureSet
{
    // Rows whose intermediate values stay in the first-level cache.
    private const int BlockRows = 256;

    [ThreadStatic]
    private static double[]? _stack;

    [ThreadStatic]
    private static double[]?[]? _columns;

    private readonly FeatureExpression[] _expressions;
    private readonly int[] _profileColumns;
    private readonly int[] _firstSlots;
    private readonly int _stackDepth;

    /// <exception cref="ArgumentException">An expression does not parse, or the catalog lacks a measurement. The profiles of a running host were checked at its start.</exception>
    public FeatureSet(SensorProfile profile, ProfileCatalog catalog)
        : this(
            [.. profile.Measurements.Select(m => m.Name)],
            profile.Features,
            profile.Name,
            [.. profile.Measurements.Select(m => catalog.ColumnOf(m.Name))])
    {
        if (_profileColumns.Contains(-1))
        {
            throw new ArgumentException($"Profile {profile.Name} has measurements that the catalog lacks.", nameof(catalog));
        }
    }

    private FeatureSet(string[] measurements, IReadOnlyList<FeatureDefinition> features, string owner, int[] profileColumns)
    {
        _expressions = [.. features.Select(f => Parse(owner, f, measurements))];
        _profileColumns = profileColumns;
        _stackDepth = _expressions.Max(e => e.StackDepth);
        _firstSlots = new int[_expressions.Length];
        for (var f = 0; f < _expressions.Length; f++)
        {
            _firstSlots[f] = StateSlots;
            StateSlots += _expressions[f].StateSlots;
        }

        PlanText = string.Join('\n', features.Select((f, i) => $"{f.Name} = {_expressions[i].PlanText(measurements)}"));
    }

    /// <summary>Features of plain columns, for readings that are in no batch.</summary>
    /// <exception cref="ArgumentException">An expression does not parse.</exception>
    public static FeatureSet OfColumns(IEnumerable<string> columns, IReadOnlyList<FeatureDefinition> features) => new([.. columns], features, "of columns", []);

    /// <summary>Number of features.</summary>
    public int Count => _expressions.Length;

    /// <summary>What is computed, a line for each feature, operands before operators: equal texts compute equal values.</summary>
    public string PlanText { get; }

    /// <summary>Numbers that the features remember of each sensor; 0 when all are computed from the reading alone.</summary>
    public int StateSlots { get; }

    /// <summary>Whether the feature depends on earlier readings too.</summary>
    public bool IsStateful(int feature) => _expressions[feature].StateSlots > 0;

    /// <summary>
    /// Whether a missing value of the feature means that the reading lacks something. Those of a history are missing for every new sensor, which
    /// is no reason not to judge the reading itself; but of a set of nothing else they are all that there is.
    /// </summary>
    public bool IsOwn(int feature) => !IsStateful(feature) || Array.TrueForAll(_expressions, e => e.StateSlots > 0);

    /// <summary>Number of features that <see cref="IsOwn"/> is true of.</summary>
    public int OwnCount => Enumerable.Range(0, Count).Count(IsOwn);

    /// <summary>Whether the feature depends on the measurement, by its place in the profile.</summary>
    public bool Uses(int feature, int measurement) => _expressions[feature].Uses(measurement);

    /// <summary>Computes the features of some rows of a batch.</summary>
    /// <param name="rows">Rows of sensors of this profile, in the order of the batch.</param>
    /// <param name="sensors">What is remembered of the sensors; changes when features are stateful. Null: those are missing.</param>
    /// <param name="into">One array per feature, each at least as long as <paramref name="rows"/>; entry i belongs to rows[i].</param>
    public void Compute(MicroBatch batch, ReadOnlySpan<int> rows, SensorTable? sensors, float[][] into)
    {
        var states = new FeatureStates(batch, sensors);
        var columns = Columns(batch);
        var stack = Stack(_stackDepth * BlockRows);
        for (var start = 0; start < rows.Length; start += BlockRows)
        {
            var block = rows.Slice(start, Math.Min(BlockRows, rows.Length - start));
            for (var feature = 0; feature < _expressions.Length; feature++)
            {
                _expressions[feature].Evaluate(columns, block, stack, states, _firstSlots[feature]);
                var target = into[feature].AsSpan(start, block.Length);
                for (var i = 0; i < target.Length; i++)
                {
                    target[i] = ToFeature(stack[i]);
                }
            }
        }

        // A thread must not keep the batch's arrays alive.
        columns.Clear();
    }

    /// <summary>Computes the features of one reading alone; stateful ones are missing.</summary>
    /// <param name="measurementsInProfileOrder">NaN = missing.</param>
    /// <param name="into">At least <see cref="Count"/> long.</param>
    public void Compute(ReadOnlySpan<double> measurementsInProfileOrder, Span<float> into) => Compute(measurementsInProfileOrder, [], into);

    /// <summary>Computes the features of the next reading of a sensor.</summary>
    /// <param name="measurementsInProfileOrder">NaN = missing.</param>
    /// <param name="state">The sensor's <see cref="StateSlots"/> numbers, zeros at first, which change. Empty: stateful features are missing.</param>
    /// <param name="into">At least <see cref="Count"/> long.</param>
    public void Compute(ReadOnlySpan<double> measurementsInProfileOrder, Span<double> state, Span<float> into)
    {
        var stack = Stack(_stackDepth);
        for (var feature = 0; feature < _expressions.Length; feature++)
        {
            var expression = _expressions[feature];
            var slots = state.IsEmpty ? state : state.Slice(_firstSlots[feature], expression.StateSlots);
            into[feature] = ToFeature(expression.Evaluate(measurementsInProfileOrder, stack, slots));
        }
    }

    // Adding 0 turns -0 into 0.
    private static float ToFeature(double value) => (float)value is var feature && float.IsFinite(feature) ? feature + 0f : float.NaN;

    private Span<double[]?> Columns(MicroBatch batch)
    {
        if (_columns is null || _columns.Length < _profileColumns.Length)
        {
            _columns = new double[]?[_profileColumns.Length];
        }

        for (var i = 0; i < _profileColumns.Length; i++)
        {
            _columns[i] = batch.Measurement(_profileColumns[i]);
        }

        return _columns.AsSpan(0, _profileColumns.Length);
    }

    private static Span<double> Stack(int length)
    {
        if (_stack is null || _stack.Length < length)
        {
            _stack = new double[length];
        }

        return _stack;
    }

    private static FeatureExpression Parse(string owner, FeatureDefinition feature, string[] names) =>
        FeatureExpression.TryParse(feature.Expression, names, out var expression, out var error)
            ? expression
            : throw new ArgumentException($"Feature {feature.Name} of profile {owner}: {error}.");
}
