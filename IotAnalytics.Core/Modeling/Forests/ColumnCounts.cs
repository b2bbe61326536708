namespace IotAnalytics.Core.Modeling.Forests;

/// <summary>A number of columns as a type: the compiler then drops the choices that cannot occur.</summary>
internal interface IColumnCount
{
    static abstract int Value { get; }
}

internal readonly struct Columns1 : IColumnCount { public static int Value => 1; }
internal readonly struct Columns2 : IColumnCount { public static int Value => 2; }
internal readonly struct Columns3 : IColumnCount { public static int Value => 3; }
internal readonly struct Columns4 : IColumnCount { public static int Value => 4; }
internal readonly struct Columns5 : IColumnCount { public static int Value => 5; }
internal readonly struct Columns6 : IColumnCount { public static int Value => 6; }
internal readonly struct Columns7 : IColumnCount { public static int Value => 7; }
internal readonly struct Columns8 : IColumnCount { public static int Value => 8; }
internal readonly struct Columns10 : IColumnCount { public static int Value => 10; }
internal readonly struct Columns12 : IColumnCount { public static int Value => 12; }
internal readonly struct Columns16 : IColumnCount { public static int Value => 16; }
