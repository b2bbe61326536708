using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace IotAnalytics.Core.Readings.Features;

/// <summary>
/// Compiles expressions by recursive descent:
/// <code>
/// sum     = product { ("+" | "-") product }
/// product = factor { ("*" | "/") factor }
/// factor  = "-" factor | number | measurement | '"' measurement '"' | function "(" sum { "," sum } ")" | "(" sum ")"
/// </code>
/// Functions: <c>min</c>, <c>max</c>, <c>pow</c> of two arguments, <c>abs</c>, <c>sqrt</c>, <c>log</c> (natural), <c>exp</c> of one.
/// Of the sensor's readings so far (<see cref="StatefulFunctions"/>): <c>delta(x)</c>, <c>ewma(x, span)</c>, <c>residual(x, span)</c> and
/// <c>residual(x, span, smallest scale)</c>; span is a number of readings from 1 to 1,000,000.
/// </summary>
internal ref struct ExpressionParser
{
    internal const int MaxLength = 1_000;
    internal const int MaxNesting = 50;

    private const string Functions = "abs, delta, ewma, exp, log, max, min, pow, residual, sqrt";
    private readonly string _text;
    private readonly IReadOnlyList<string> _measurements;
    private readonly List<Instruction> _program = [];
    private int _at;
    private int _nesting;
    private int _slots;
    private string? _error;

    private ExpressionParser(string text, IReadOnlyList<string> measurements)
    {
        _text = text;
        _measurements = measurements;
    }

    public static bool TryParse(
        string text, IReadOnlyList<string> measurements, [NotNullWhen(true)] out FeatureExpression? expression, [NotNullWhen(false)] out string? error)
    {
        expression = null;
        if (text.Length > MaxLength)
        {
            error = $"the expression has {text.Length} characters, accepted are up to {MaxLength}";
            return false;
        }

        if (IndexOf(measurements, text) is >= 0 and var whole)
        {
            expression = new FeatureExpression([new Instruction(Operation.Load, whole, 0)]);
            error = null;
            return true;
        }

        var parser = new ExpressionParser(text, measurements);
        if (parser.Sum() && (parser.AtEnd() || parser.Fail("an operator (+ - * /) or the end")))
        {
            expression = new FeatureExpression([.. parser._program]);
        }

        error = parser._error;
        return expression is not null;
    }

    private bool Sum()
    {
        if (!Product())
        {
            return false;
        }

        while (true)
        {
            var operation = Take('+') ? Operation.Add : Take('-') ? Operation.Subtract : Operation.Constant;
            if (operation == Operation.Constant)
            {
                return true;
            }

            if (!Product())
            {
                return false;
            }

            Emit(operation);
        }
    }

    private bool Product()
    {
        if (!Factor())
        {
            return false;
        }

        while (true)
        {
            var operation = Take('*') ? Operation.Multiply : Take('/') ? Operation.Divide : Operation.Constant;
            if (operation == Operation.Constant)
            {
                return true;
            }

            if (!Factor())
            {
                return false;
            }

            Emit(operation);
        }
    }

    private bool Factor()
    {
        if (_nesting == MaxNesting)
        {
            return Fail($"at most {MaxNesting} nested parentheses, functions and signs");
        }

        _nesting++;
        var good = Take('-') ? Negated() : Take('(') ? Sum() && Expect(')', "an operator or )") : NumberOrName();
        _nesting--;
        return good;
    }

    private bool Negated()
    {
        var good = Factor();
        Emit(Operation.Negate);
        return good;
    }

    private bool NumberOrName()
    {
        var first = Peek();
        if (char.IsAsciiDigit(first))
        {
            return Number();
        }

        if (first == '"' && _text.IndexOf('"', _at + 1) is > 0 and var end)
        {
            var quoted = _at;
            _at = end + 1;
            return Measurement(_text[(quoted + 1)..end], quoted);
        }

        var start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] == '_'))
        {
            _at++;
        }

        if (_at == start)
        {
            return Fail($"a number, a measurement ({string.Join(", ", _measurements)}), a function ({Functions}), - or (");
        }

        var name = _text[start.._at];
        return Take('(') ? Call(name, start) : Measurement(name, start);
    }

    private bool Number()
    {
        var start = _at;
        Digits();
        if (_at + 1 < _text.Length && _text[_at] == '.' && char.IsAsciiDigit(_text[_at + 1]))
        {
            _at++;
            Digits();
        }

        if (_at < _text.Length && _text[_at] is 'e' or 'E')
        {
            var sign = _at + 1 < _text.Length && _text[_at + 1] is '+' or '-' ? 1 : 0;
            if (_at + 1 + sign < _text.Length && char.IsAsciiDigit(_text[_at + 1 + sign]))
            {
                _at += 1 + sign;
                Digits();
            }
        }

        var value = double.Parse(_text.AsSpan(start, _at - start), NumberStyles.Float, CultureInfo.InvariantCulture);
        if (!double.IsFinite(value))
        {
            _at = start;
            return Fail("a number within the range of a 64-bit float");
        }

        _program.Add(new Instruction(Operation.Constant, 0, value));
        return true;
    }

    private void Digits()
    {
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
        {
            _at++;
        }
    }

    private bool Measurement(string name, int start)
    {
        if (IndexOf(_measurements, name) is >= 0 and var place)
        {
            _program.Add(new Instruction(Operation.Load, place, 0));
            return true;
        }

        _at = start;
        return Fail($"a measurement of the profile: {string.Join(", ", _measurements)}");
    }

    private static int IndexOf(IReadOnlyList<string> names, string name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] == name)
            {
                return i;
            }
        }

        return -1;
    }

    private bool Call(string name, int start)
    {
        var operation = name switch
        {
            "min" => Operation.Min,
            "max" => Operation.Max,
            "pow" => Operation.Pow,
            "abs" => Operation.Abs,
            "sqrt" => Operation.Sqrt,
            "log" => Operation.Log,
            "exp" => Operation.Exp,
            "delta" => Operation.Delta,
            "ewma" => Operation.Ewma,
            "residual" => Operation.Residual,
            _ => Operation.Constant,
        };
        if (operation == Operation.Constant)
        {
            _at = start;
            return Fail($"a function: {Functions}");
        }

        if (StatefulFunctions.Slots(operation) is > 0 and var slots)
        {
            return StatefulCall(name, operation, slots);
        }

        var twoArguments = operation >= Operation.Add;
        if (!Sum() || (twoArguments && (!Expect(',', $", and a second argument of {name}") || !Sum())) || !Expect(')', $"an operator or ) after {name}'s {(twoArguments ? "second" : "only")} argument"))
        {
            return false;
        }

        Emit(operation);
        return true;
    }

    private bool StatefulCall(string name, Operation operation, int slots)
    {
        double span = 0;
        double smallest = 0;
        if (!Sum())
        {
            return false;
        }

        if (operation != Operation.Delta && (!Expect(',', $", and {name}'s span") || !Literal(1, 1_000_000, "a number of readings from 1 to 1000000", out span)))
        {
            return false;
        }

        if (operation == Operation.Residual && Take(',') && !Literal(0, double.MaxValue, "the smallest scale, a number from 0", out smallest))
        {
            return false;
        }

        if (!Expect(')', $") after {name}'s arguments"))
        {
            return false;
        }

        _program.Add(new Instruction(operation, 0, smallest, _slots, span));
        _slots += slots;
        return true;
    }

    private bool Literal(double min, double max, string accepted, out double value)
    {
        value = 0;
        Peek();
        var start = _at;
        if (!char.IsAsciiDigit(Peek()) || !Number())
        {
            return Fail(accepted);
        }

        value = _program[^1].Constant;
        _program.RemoveAt(_program.Count - 1);
        if (value >= min && value <= max)
        {
            return true;
        }

        _at = start;
        return Fail(accepted);
    }

    private readonly void Emit(Operation operation) => _program.Add(new Instruction(operation, 0, 0));

    private char Peek()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
        {
            _at++;
        }

        return _at < _text.Length ? _text[_at] : '\0';
    }

    private bool AtEnd() => Peek() == '\0' && _at == _text.Length;

    private bool Take(char expected)
    {
        if (Peek() != expected)
        {
            return false;
        }

        _at++;
        return true;
    }

    private bool Expect(char expected, string accepted) => Take(expected) || Fail(accepted);

    private bool Fail(string accepted)
    {
        Peek();
        var found = _at == _text.Length ? "the end" : $"'{Found()}'";
        _error ??= $"position {_at + 1}: found {found}, accepted is {accepted}";
        return false;
    }

    private readonly string Found()
    {
        var end = _at;
        while (end < _text.Length && (char.IsAsciiLetterOrDigit(_text[end]) || _text[end] == '_'))
        {
            end++;
        }

        return _text[_at..Math.Max(end, _at + 1)];
    }
}
