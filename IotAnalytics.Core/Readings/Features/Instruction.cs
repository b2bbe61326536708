namespace IotAnalytics.Core.Readings.Features;

/// <summary>One step of a compiled expression, for a machine with a stack.</summary>
/// <param name="Measurement">Place in the profile, for <see cref="Operation.Load"/>.</param>
/// <param name="Constant">For <see cref="Operation.Constant"/>; for <see cref="Operation.Residual"/> the smallest scale.</param>
/// <param name="Slot">For what remembers: its first slot within the sensor's.</param>
/// <param name="Span">For <see cref="Operation.Ewma"/> and <see cref="Operation.Residual"/>: readings.</param>
internal readonly record struct Instruction(Operation Operation, int Measurement, double Constant, int Slot = 0, double Span = 0);

/// <summary>What a step does: push, replace the top of the stack, or replace the two values on top by one.</summary>
internal enum Operation
{
    Constant,
    Load,
    Negate,
    Abs,
    Sqrt,
    Log,
    Exp,
    Delta,
    Ewma,
    Residual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Min,
    Max,
    Pow,
}
