namespace IotAnalytics.Core.Readings.Features;

/// <summary>One step of a compiled expression, for a machine with a stack.</summary>
/// <param name="Measurement">Place in the profile, for <see cref="Operation.Load"/>.</param>
/// <param name="Constant">For <see cref="Operation.Constant"/>.</param>
internal readonly record struct Instruction(Operation Operation, int Measurement, double Constant);

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
    Add,
    Subtract,
    Multiply,
    Divide,
    Min,
    Max,
    Pow,
}
