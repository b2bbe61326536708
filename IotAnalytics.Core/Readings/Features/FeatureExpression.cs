using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace IotAnalytics.Core.Readings.Features;

/// <summary>
/// A compiled expression over the measurements of a profile. Computes in double precision as IEEE 754 says; it never throws, and a missing
/// measurement (NaN) makes the result NaN. Immutable and safe for use by many threads.
/// </summary>
internal sealed class FeatureExpression
{
    private readonly Instruction[] _program;

    internal FeatureExpression(Instruction[] program)
    {
        _program = program;
        var depth = 0;
        foreach (var step in program)
        {
            depth += step.Operation switch
            {
                Operation.Constant or Operation.Load => 1,
                >= Operation.Add => -1,
                _ => 0,
            };
            StackDepth = Math.Max(StackDepth, depth);
            StateSlots += StatefulFunctions.Slots(step.Operation);
        }
    }

    /// <summary>Values that the evaluation holds at once.</summary>
    public int StackDepth { get; }

    /// <summary>Numbers that it remembers of a sensor; 0 for most.</summary>
    public int StateSlots { get; }

    /// <summary>Whether the value depends on the measurement.</summary>
    public bool Uses(int measurement) => _program.Any(step => step.Operation == Operation.Load && step.Measurement == measurement);

    /// <summary>Compiles an expression. A text that is a measurement's name is that measurement, whatever characters it has.</summary>
    /// <param name="measurements">The names that may be used, in the profile's order.</param>
    /// <param name="error">The position (from 1), what is there and what is accepted.</param>
    public static bool TryParse(
        string text, IReadOnlyList<string> measurements, [NotNullWhen(true)] out FeatureExpression? expression, [NotNullWhen(false)] out string? error) =>
        ExpressionParser.TryParse(text, measurements, out expression, out error);

    /// <summary>The steps as text, operands before operators, the same for expressions that differ only in white space and parentheses.</summary>
    public string PlanText(IReadOnlyList<string> measurements) => string.Join(' ', _program.Select(step => step.Operation switch
    {
        Operation.Constant => step.Constant.ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        Operation.Load => measurements[step.Measurement],
        Operation.Ewma => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"ewma[{step.Span:R}]"),
        Operation.Residual => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"residual[{step.Span:R};{step.Constant:R}]"),
        var operation => operation.ToString().ToLowerInvariant(),
    }));

    /// <summary>Evaluates for one reading.</summary>
    /// <param name="stack">At least <see cref="StackDepth"/> long.</param>
    /// <param name="state">The sensor's <see cref="StateSlots"/> numbers, which change; empty: stateful functions are missing.</param>
    public double Evaluate(ReadOnlySpan<double> measurements, Span<double> stack, Span<double> state)
    {
        var top = -1;
        foreach (ref readonly var step in _program.AsSpan())
        {
            switch (step.Operation)
            {
                case Operation.Constant:
                    stack[++top] = step.Constant;
                    break;
                case Operation.Load:
                    stack[++top] = measurements[step.Measurement];
                    break;
                case Operation.Delta or Operation.Ewma or Operation.Residual:
                    stack[top] = StatefulFunctions.Apply(step, stack[top], state, advance: true);
                    break;
                case < Operation.Add:
                    stack[top] = Apply(step.Operation, stack[top]);
                    break;
                default:
                    top--;
                    stack[top] = Apply(step.Operation, stack[top], stack[top + 1]);
                    break;
            }
        }

        return stack[0];
    }

    /// <summary>Evaluates for a block of readings, the same bits as one by one.</summary>
    /// <param name="columns">One column per measurement of the profile, null where all are missing.</param>
    /// <param name="rows">The rows to take from the columns.</param>
    /// <param name="stack"><see cref="StackDepth"/> blocks of the length of <paramref name="rows"/>; the first receives the result.</param>
    /// <param name="states">What is remembered of the rows' sensors, row after row.</param>
    /// <param name="firstSlot">Where the expression's slots begin within a sensor's.</param>
    public void Evaluate(ReadOnlySpan<double[]?> columns, ReadOnlySpan<int> rows, Span<double> stack, FeatureStates states, int firstSlot)
    {
        var size = rows.Length;
        var top = -1;
        foreach (ref readonly var step in _program.AsSpan())
        {
            switch (step.Operation)
            {
                case Operation.Constant:
                    stack.Slice(++top * size, size).Fill(step.Constant);
                    break;
                case Operation.Load:
                    Load(columns[step.Measurement], rows, stack.Slice(++top * size, size));
                    break;
                case Operation.Delta or Operation.Ewma or Operation.Residual:
                    Apply(step, rows, stack.Slice(top * size, size), states, firstSlot);
                    break;
                case < Operation.Add:
                    Apply(step.Operation, stack.Slice(top * size, size));
                    break;
                default:
                    top--;
                    Apply(step.Operation, stack.Slice(top * size, size), stack.Slice((top + 1) * size, size));
                    break;
            }
        }
    }

    private void Apply(in Instruction step, ReadOnlySpan<int> rows, Span<double> values, FeatureStates states, int firstSlot)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            var slots = states.Of(rows[i], out var advance);
            values[i] = StatefulFunctions.Apply(step, values[i], slots.IsEmpty ? slots : slots.Slice(firstSlot, StateSlots), advance);
        }
    }

    private static void Load(double[]? column, ReadOnlySpan<int> rows, Span<double> into)
    {
        if (column is null)
        {
            into.Fill(double.NaN);
            return;
        }

        for (var i = 0; i < rows.Length; i++)
        {
            into[i] = column[rows[i]];
        }
    }

    private static void Apply(Operation operation, Span<double> values)
    {
        foreach (ref var value in values)
        {
            value = Apply(operation, value);
        }
    }

    // The commonest get loops of their own, which the choice of the operation does not slow down.
    private static void Apply(Operation operation, Span<double> left, ReadOnlySpan<double> right)
    {
        right = right[..left.Length];
        switch (operation)
        {
            case Operation.Add:
                for (var i = 0; i < left.Length; i++)
                {
                    left[i] += right[i];
                }

                break;
            case Operation.Subtract:
                for (var i = 0; i < left.Length; i++)
                {
                    left[i] -= right[i];
                }

                break;
            case Operation.Multiply:
                for (var i = 0; i < left.Length; i++)
                {
                    left[i] *= right[i];
                }

                break;
            case Operation.Divide:
                for (var i = 0; i < left.Length; i++)
                {
                    left[i] /= right[i];
                }

                break;
            default:
                for (var i = 0; i < left.Length; i++)
                {
                    left[i] = Apply(operation, left[i], right[i]);
                }

                break;
        }
    }

    private static double Apply(Operation operation, double value) => operation switch
    {
        Operation.Negate => -value,
        Operation.Abs => Math.Abs(value),
        Operation.Sqrt => Math.Sqrt(value),
        Operation.Log => Math.Log(value),
        Operation.Exp => Math.Exp(value),
        _ => throw new UnreachableException(),
    };

    private static double Apply(Operation operation, double left, double right) => operation switch
    {
        Operation.Add => left + right,
        Operation.Subtract => left - right,
        Operation.Multiply => left * right,
        Operation.Divide => left / right,
        Operation.Min => Math.Min(left, right),
        Operation.Max => Math.Max(left, right),
        // IEEE 754 has pow(NaN, 0) = pow(1, NaN) = 1, but a result that needs a missing value is missing.
        Operation.Pow => double.IsNaN(left) || double.IsNaN(right) ? double.NaN : Math.Pow(left, right),
        _ => throw new UnreachableException(),
    };
}
