using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace IotAnalytics.Web.Hosting;

/// <summary>
/// Compares the configuration with the options classes: keys that nobody reads, values that do not convert, values out of range.
/// All at once, each as <c>Key = 'value': accepted …</c>; binding alone stops at the first and passes over typing errors in names.
/// </summary>
internal sealed class OptionErrors
{
    private readonly List<string> _errors = [];

    private OptionErrors()
    {
    }

    /// <summary>True when a value did not convert: binding its class would throw.</summary>
    public bool HasUnreadable { get; private set; }

    public IReadOnlyList<string> Errors => _errors;

    /// <param name="configuration">The root.</param>
    /// <param name="sections">Top-level key to the type that reads it; null for keys that others read.</param>
    public static OptionErrors Find(IConfiguration configuration, IReadOnlyDictionary<string, Type?> sections)
    {
        var result = new OptionErrors();
        foreach (var section in configuration.GetChildren())
        {
            if (!sections.TryGetValue(section.Key, out var type))
            {
                result.Unknown(section, sections.Keys);
            }
            else if (type is not null)
            {
                result.Check(section, type, []);
            }
        }

        return result;
    }

    private void Check(IConfigurationSection section, Type type, ValidationAttribute[] rules)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        var arguments = type.IsGenericType ? type.GetGenericArguments() : [];
        if (arguments.Length == 2)
        {
            CheckAll(section, arguments[1]);
        }
        else if (type.IsArray || arguments.Length == 1)
        {
            CheckAll(section, type.IsArray ? type.GetElementType()! : arguments[0]);
        }
        else if (TypeDescriptor.GetConverter(type).CanConvertFrom(typeof(string)))
        {
            CheckValue(section, type, rules);
        }
        else
        {
            CheckMembers(section, type);
        }
    }

    private void CheckAll(IConfigurationSection section, Type elementType)
    {
        foreach (var child in section.GetChildren())
        {
            Check(child, elementType, []);
        }
    }

    private void CheckMembers(IConfigurationSection section, Type type)
    {
        var members = type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .ToDictionary(p => p.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var child in section.GetChildren())
        {
            if (members.TryGetValue(child.Key, out var member))
            {
                Check(child, member.PropertyType, [.. member.GetCustomAttributes<ValidationAttribute>()]);
            }
            else
            {
                Unknown(child, members.Values.Select(m => m.Name));
            }
        }
    }

    private void CheckValue(IConfigurationSection section, Type type, ValidationAttribute[] rules)
    {
        if (section.Value is null)
        {
            if (section.GetChildren().Any())
            {
                Add(section, AcceptedType(type));
                HasUnreadable = true;
            }

            return;
        }

        object? value;
        try
        {
            value = TypeDescriptor.GetConverter(type).ConvertFromInvariantString(section.Value);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or NotSupportedException or OverflowException)
        {
            Add(section, AcceptedType(type));
            HasUnreadable = true;
            return;
        }

        foreach (var rule in rules.Where(r => !r.IsValid(value)))
        {
            Add(section, Accepted(rule));
        }
    }

    private void Unknown(IConfigurationSection section, IEnumerable<string> known)
    {
        var names = known.Order(StringComparer.Ordinal).ToArray();
        var nearest = names.FirstOrDefault(n => EditDistance.Between(n, section.Key) <= 2);
        _errors.Add($"{section.Path}: there is no such option" + (nearest is null ? $"; accepted here: {string.Join(", ", names)}" : $"; did you mean {nearest}?"));
    }

    private void Add(IConfigurationSection section, string accepted) => _errors.Add($"{section.Path} = '{section.Value}': accepted {accepted}");

    private static string Accepted(ValidationAttribute rule) => rule switch
    {
        { ErrorMessage: { } message } when message.StartsWith("accepted: ", StringComparison.Ordinal) => message["accepted: ".Length..],
        RangeAttribute range => $"{range.Minimum} to {range.Maximum}",
        AllowedValuesAttribute allowed => string.Join(", ", allowed.Values),
        DeniedValuesAttribute denied => $"anything but {string.Join(", ", denied.Values)}",
        RegularExpressionAttribute pattern => $"text matching {pattern.Pattern}",
        RequiredAttribute => "any value but none",
        _ => rule.FormatErrorMessage("it"),
    };

    private static string AcceptedType(Type type) => type switch
    {
        _ when type == typeof(TimeSpan) => "a duration [days.]hh:mm:ss[.fff]",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(int) || type == typeof(long) => "a whole number",
        _ when type == typeof(double) => "a number",
        _ when type.IsEnum => string.Join(", ", Enum.GetNames(type)),
        _ => $"a {type.Name}",
    };
}
