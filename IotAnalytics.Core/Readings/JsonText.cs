using System.Buffers.Text;
using System.Text;

namespace IotAnalytics.Core.Readings;

/// <summary>Texts of a JSON document, from the bytes between the quotes of a token that the reader has already found to be well formed.</summary>
internal static class JsonText
{
    /// <summary>Resolves the escapes of a text of which only ASCII is of interest.</summary>
    /// <returns>The length, or -1 when the text holds a character beyond ASCII or does not fit: then it is neither a name nor an id nor a time.</returns>
    public static int UnescapeAscii(ReadOnlySpan<byte> escaped, Span<byte> into)
    {
        var length = 0;
        for (var at = 0; at < escaped.Length; at++)
        {
            int character = escaped[at];
            if (character == '\\')
            {
                character = escaped[++at];
                switch (character)
                {
                    case 'b': character = '\b'; break;
                    case 'f': character = '\f'; break;
                    case 'n': character = '\n'; break;
                    case 'r': character = '\r'; break;
                    case 't': character = '\t'; break;
                    case 'u':
                        Utf8Parser.TryParse(escaped.Slice(at + 1, 4), out ushort code, out _, 'X');
                        character = code;
                        at += 4;
                        break;
                }
            }

            if (character > 127 || length == into.Length)
            {
                return -1;
            }

            into[length++] = (byte)character;
        }

        return length;
    }

    /// <summary>The beginning of a value as it is shown in a message: one line, at most 48 bytes of it.</summary>
    public static string Shorten(ReadOnlySpan<byte> value)
    {
        const int Shown = 48;
        var text = Encoding.UTF8.GetString(value[..Math.Min(value.Length, Shown)]);
        return OneLine(text) + (value.Length > Shown ? "…" : "");
    }

    /// <summary>Replaces control characters and cuts at 200 characters.</summary>
    public static string Detail(string text) => OneLine(text.Length <= 200 ? text : text[..199] + "…");

    private static string OneLine(string text) => text.Any(char.IsControl)
        ? string.Create(text.Length, text, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? '\uFFFD' : source[i];
            }
        })
        : text;
}
