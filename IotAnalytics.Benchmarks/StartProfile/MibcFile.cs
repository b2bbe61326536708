using System.Collections.Immutable;
using System.IO.Compression;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace IotAnalytics.Benchmarks.StartProfile;

/// <summary>
/// A profile for the ahead-of-time compiler, <c>crossgen2 --mibc</c>: which methods to compile besides those of the assembly itself. The format (dotnet/runtime,
/// <c>ILCompiler.ReadyToRun/IBC/MIbcProfileParser.cs</c>) is an assembly in a ZIP file. Its global method <c>AssemblyDictionary</c> loads, for each set of
/// assemblies, the string <c>home;other;other;</c> and the token of a global method; that one loads the token of each of the set's methods. A method that the
/// compiler does not find is left out.
/// </summary>
internal sealed class MibcFile
{
    private const int MaxStack = 8;

    /// <summary>What reference types share code under, in the runtime and, as a type of an assembly that does not exist, in a profile.</summary>
    private static readonly Type Canon = typeof(object).Assembly.GetType("System.__Canon", throwOnError: true)!;

    private static readonly DateTimeOffset ZipEpoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly MetadataBuilder _metadata = new();
    private readonly SortedDictionary<string, BlobBuilder> _groups = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AssemblyReferenceHandle> _assemblies = [];
    private readonly Dictionary<Type, TypeReferenceHandle> _types = [];

    /// <summary>Signatures with pointers to functions are not written.</summary>
    public static bool CanHold(MethodBase method) => !Definition(method).GetParameters().Any(p => p.ParameterType.IsFunctionPointer);

    public void Add(MethodBase method)
    {
        var type = method.DeclaringType!;
        var definition = Definition(method);
        EntityHandle owner = type.IsGenericType ? _metadata.AddTypeSpecification(Blob(b => Encode(new BlobEncoder(b).TypeSpecificationSignature(), type))) : Reference(type);
        EntityHandle token = _metadata.AddMemberReference(owner, _metadata.GetOrAddString(definition.Name), Blob(b => Encode(new BlobEncoder(b), definition)));
        if (method.IsGenericMethod)
        {
            var arguments = method.GetGenericArguments();
            token = _metadata.AddMethodSpecification(token, Blob(b =>
            {
                var encoder = new BlobEncoder(b).MethodSpecificationSignature(arguments.Length);
                Array.ForEach(arguments, a => Encode(encoder.AddArgument(), a));
            }));
        }

        var group = Group(method);
        if (!_groups.TryGetValue(group, out var code))
        {
            _groups.Add(group, code = new BlobBuilder());
        }

        Load(new InstructionEncoder(code), token);
    }

    public void Save(string path)
    {
        var name = Path.GetFileName(path);
        var bodies = new BlobBuilder();
        var stream = new MethodBodyStreamEncoder(bodies);
        var dictionary = new InstructionEncoder(new BlobBuilder());
        var methods = new List<(string Name, int Offset)>();
        foreach (var (group, code) in _groups)
        {
            methods.Add(($"Methods_{methods.Count + 1}", stream.AddMethodBody(new InstructionEncoder(code), MaxStack)));
            dictionary.LoadString(_metadata.GetOrAddUserString(group));
            Load(dictionary, MetadataTokens.MethodDefinitionHandle(methods.Count));
        }

        methods.Add(("AssemblyDictionary", stream.AddMethodBody(dictionary, MaxStack)));
        _metadata.AddModule(generation: 0, _metadata.GetOrAddString(name), _metadata.GetOrAddGuid(Guid.Empty), encId: default, encBaseId: default);
        _metadata.AddAssembly(_metadata.GetOrAddString(name), new Version(0, 0, 0, 0), culture: default, publicKey: default, flags: default, AssemblyHashAlgorithm.None);
        _metadata.AddTypeDefinition(
            attributes: default, @namespace: default, _metadata.GetOrAddString("<Module>"), baseType: default, MetadataTokens.FieldDefinitionHandle(1), MetadataTokens.MethodDefinitionHandle(1));
        var signature = Blob(b => new BlobEncoder(b).MethodSignature().Parameters(0, r => r.Void(), _ => { }));
        foreach (var method in methods)
        {
            _metadata.AddMethodDefinition(
                MethodAttributes.Public | MethodAttributes.Static, MethodImplAttributes.IL, _metadata.GetOrAddString(method.Name), signature, method.Offset, MetadataTokens.ParameterHandle(1));
        }

        var image = new BlobBuilder();
        new ManagedPEBuilder(new PEHeaderBuilder(imageCharacteristics: Characteristics.Dll), new MetadataRootBuilder(_metadata), bodies).Serialize(image);
        using var zip = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        var entry = zip.CreateEntry(name + ".dll", CompressionLevel.SmallestSize);
        entry.LastWriteTime = ZipEpoch;
        using var content = entry.Open();
        image.WriteContentTo(content);
    }

    private static void Load(InstructionEncoder code, EntityHandle token)
    {
        code.OpCode(ILOpCode.Ldtoken);
        code.Token(token);
        code.OpCode(ILOpCode.Pop);
    }

    private static MethodBase Definition(MethodBase method) => method.Module.ResolveMethod(method.MetadataToken)!;

    private static string Group(MethodBase method)
    {
        var home = AssemblyName(method.DeclaringType!);
        var names = new SortedSet<string>(StringComparer.Ordinal);
        AddNames(method.DeclaringType!, names);
        if (method.IsGenericMethod)
        {
            Array.ForEach(method.GetGenericArguments(), a => AddNames(a, names));
        }

        names.Remove(home);
        return string.Concat(names.Prepend(home).Select(n => n + ";"));
    }

    private static void AddNames(Type type, SortedSet<string> names)
    {
        if (type.HasElementType)
        {
            AddNames(type.GetElementType()!, names);
        }
        else if (!type.IsPrimitive && type != Canon)
        {
            names.Add(AssemblyName(type));
            Array.ForEach(type.GetGenericArguments(), a => AddNames(a, names));
        }
    }

    private static string AssemblyName(Type type) => type.Assembly.GetName().Name!;

    private void Encode(BlobEncoder blob, MethodBase definition)
    {
        var parameters = definition.GetParameters();
        var generics = definition.IsGenericMethod ? definition.GetGenericArguments().Length : 0;
        var encoder = blob.MethodSignature(genericParameterCount: generics, isInstanceMethod: !definition.IsStatic);
        encoder.Parameters(parameters.Length, out var returned, out var list);
        if (definition is not MethodInfo method || method.ReturnType == typeof(void))
        {
            returned.Void();
        }
        else
        {
            Modify(returned.CustomModifiers(), method.ReturnParameter);
            Encode(returned.Type(method.ReturnType.IsByRef), method.ReturnType.IsByRef ? method.ReturnType.GetElementType()! : method.ReturnType);
        }

        foreach (var parameter in parameters)
        {
            var type = parameter.ParameterType;
            var encoded = list.AddParameter();
            Modify(encoded.CustomModifiers(), parameter);
            Encode(encoded.Type(type.IsByRef), type.IsByRef ? type.GetElementType()! : type);
        }
    }

    private void Modify(CustomModifiersEncoder encoder, ParameterInfo parameter)
    {
        Array.ForEach(parameter.GetRequiredCustomModifiers(), m => encoder.AddModifier(Reference(m), isOptional: false));
        Array.ForEach(parameter.GetOptionalCustomModifiers(), m => encoder.AddModifier(Reference(m), isOptional: true));
    }

    private void Encode(SignatureTypeEncoder encoder, Type type)
    {
        if (type.IsPointer)
        {
            var target = type.GetElementType()!;
            if (target == typeof(void))
            {
                encoder.VoidPointer();
            }
            else
            {
                Encode(encoder.Pointer(), target);
            }
        }
        else if (type.IsSZArray)
        {
            Encode(encoder.SZArray(), type.GetElementType()!);
        }
        else if (type.IsArray)
        {
            encoder.Array(e => Encode(e, type.GetElementType()!), shape => shape.Shape(type.GetArrayRank(), [], [.. Enumerable.Repeat(0, type.GetArrayRank())]));
        }
        else if (type.IsGenericTypeParameter)
        {
            encoder.GenericTypeParameter(type.GenericParameterPosition);
        }
        else if (type.IsGenericMethodParameter)
        {
            encoder.GenericMethodTypeParameter(type.GenericParameterPosition);
        }
        else if (type.IsGenericType)
        {
            var arguments = type.GetGenericArguments();
            var generic = encoder.GenericInstantiation(Reference(type.GetGenericTypeDefinition()), arguments.Length, type.IsValueType);
            Array.ForEach(arguments, a => Encode(generic.AddArgument(), a));
        }
        else if (type == typeof(object))
        {
            encoder.Object();
        }
        else if (type == typeof(string))
        {
            encoder.String();
        }
        else if (type == typeof(nint))
        {
            encoder.IntPtr();
        }
        else if (type == typeof(nuint))
        {
            encoder.UIntPtr();
        }
        else if (type.IsPrimitive)
        {
            encoder.PrimitiveType(Enum.Parse<PrimitiveTypeCode>(type.Name));
        }
        else
        {
            encoder.Type(Reference(type), type.IsValueType);
        }
    }

    private BlobHandle Blob(Action<BlobBuilder> write)
    {
        var blob = new BlobBuilder();
        write(blob);
        return _metadata.GetOrAddBlob(blob);
    }

    private TypeReferenceHandle Reference(Type type)
    {
        var definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        if (!_types.TryGetValue(definition, out var handle))
        {
            EntityHandle scope = definition.DeclaringType is { } outer ? Reference(outer)
                : definition == Canon ? Reference(new AssemblyName("System.Private.Canon"))
                : Reference(definition.Assembly.GetName());
            var space = definition.IsNested ? default : _metadata.GetOrAddString(definition.Namespace ?? "");
            _types.Add(definition, handle = _metadata.AddTypeReference(scope, space, _metadata.GetOrAddString(definition.Name)));
        }

        return handle;
    }

    private AssemblyReferenceHandle Reference(AssemblyName assembly)
    {
        if (!_assemblies.TryGetValue(assembly.Name!, out var handle))
        {
            var token = assembly.GetPublicKeyToken() is { Length: > 0 } key ? _metadata.GetOrAddBlob(ImmutableArray.Create(key)) : default;
            handle = _metadata.AddAssemblyReference(_metadata.GetOrAddString(assembly.Name!), assembly.Version ?? new Version(0, 0, 0, 0), culture: default, token, flags: default, hashValue: default);
            _assemblies.Add(assembly.Name!, handle);
        }

        return handle;
    }
}
