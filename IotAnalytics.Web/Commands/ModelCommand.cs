using System.CommandLine;
using IotAnalytics.Core.Modeling;
using IotAnalytics.Core.Modeling.Interop;
using IotAnalytics.Core.Modeling.Interop.Onnx;
using IotAnalytics.Core.Modeling.Interop.ScikitLearn;
using IotAnalytics.Core.Modeling.Tabular;
using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Web.Commands;

/// <summary><c>model</c>: model files to and from other programs.</summary>
internal static class ModelCommand
{
    private const string Onnx = "onnx";

    private static readonly Option<string> Model = new("--input") { Required = true, Description = "A model file." };
    private static readonly Option<string> Format = new("--format") { DefaultValueFactory = _ => Onnx, Description = $"Accepted: {Onnx}." };
    private static readonly Option<string> Exported = new("--output") { Required = true, Description = "The file to write." };
    private static readonly Option<string> Json = new("--input") { Required = true, Description = "A forest of scikit-learn as JSON (docs/interop.md)." };
    private static readonly Option<string> Imported = new("--output") { Required = true, Description = "The model file to write." };

    public static Command Create()
    {
        var export = new Command("export", "Write a forest for another program.") { Model, Format, Exported };
        export.SetAction(Export);
        var import = new Command("import", "Make a model file of a forest that scikit-learn has grown.") { Json, Imported };
        import.SetAction(Import);
        return new Command("model", "Model files to and from other programs.") { export, import };
    }

    private static int Export(ParseResult parsed)
    {
        if (parsed.GetRequiredValue(Format) is var format && format != Onnx)
        {
            throw new CommandException(CommandLine.BadInput, $"--format '{format}': accepted is {Onnx}");
        }

        var path = parsed.GetRequiredValue(Exported);
        var content = Try(() => OnnxExport.Write(ScoreCommand.Load(parsed.GetRequiredValue(Model))));
        OutputFile.Write(path, stream => stream.Write(content));
        parsed.InvocationConfiguration.Output.WriteLine($"written: {path}, {content.Length} bytes");
        return CommandLine.Succeeded;
    }

    private static int Import(ParseResult parsed)
    {
        var (input, output) = (parsed.GetRequiredValue(Json), parsed.GetRequiredValue(Imported));
        var model = Try(() => ScikitLearnImport.Read(Bytes(input), Path.GetFileNameWithoutExtension(output), Path.GetFileName(input)));
        OutputFile.Write(output, stream => stream.Write(ModelFile.Write(model)));
        parsed.InvocationConfiguration.Output.Write(ModelCardText.Render(model.Card));
        parsed.InvocationConfiguration.Output.WriteLine($"{"written",-18} {output}, sha256 {model.Sha256}");
        return CommandLine.Succeeded;
    }

    private static byte[] Bytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var reason = e is FileNotFoundException or DirectoryNotFoundException ? "no such file." : e.Message;
            throw new CommandException(CommandLine.BadInput, $"{path}: {reason}", e);
        }
    }

    private static T Try<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (InteropException e)
        {
            throw new CommandException(CommandLine.BadInput, e.Message, e);
        }
    }
}
