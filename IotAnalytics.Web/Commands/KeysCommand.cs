using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Web.Endpoints;
using IotAnalytics.Web.Security;
using IotAnalytics.Web.Security.Audit;
using IotAnalytics.Web.Security.Keys;
using Microsoft.EntityFrameworkCore;

namespace IotAnalytics.Web.Commands;

/// <summary><c>keys create|list|revoke</c>: API keys of a data folder, also beside the host that runs on it, and also where no administrator's key is left.</summary>
internal static class KeysCommand
{
    public static Command Create()
    {
        var command = new Command("keys", "Make, show and revoke API keys, also beside a running host.");
        command.Add(CreateVerb());
        command.Add(ListVerb());
        command.Add(RevokeVerb());
        return command;
    }

    private static Option<DirectoryInfo?> DataOption() => new("--data") { Description = "The data folder. Default: DataDirectory of the configuration." };

    private static Command CreateVerb()
    {
        var name = new Option<string>("--name") { Description = $"For people: {KeyTerms.AcceptedName}.", Required = true };
        var scope = new Option<string>("--scope") { Description = $"What it may do: {KeyTerms.AcceptedScope}.", Required = true };
        var expires = new Option<string?>("--expires") { Description = $"When it ends: {ExpiryArgument.Accepted}. Default: never." };
        var data = DataOption();
        var verb = new Command("create", "Make a key. Prints the key, which is shown this once, on stdout, and what it is on stderr.") { name, scope, expires, data };
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            var (keyName, keyScope) = (parsed.GetValue(name)!, parsed.GetValue(scope)!);
            Require(KeyTerms.IsName(keyName), "--name", keyName, KeyTerms.AcceptedName);
            Require(Scopes.All.Contains(keyScope), "--scope", keyScope, KeyTerms.AcceptedScope);
            DateTime? expiresAt = null;
            if (parsed.GetValue(expires) is { } text)
            {
                Require(ExpiryArgument.TryParse(text, TimeProvider.System.GetUtcNow(), out var at), "--expires", text, ExpiryArgument.Accepted);
                expiresAt = at;
            }

            await using var services = KeyCommandServices.Create(parsed.GetValue(data));
            var (secret, key) = await services.GetRequiredService<ApiKeyRegistry>().CreateAsync(keyName, keyScope, expiresAt, Actor.CommandLine, cancellationToken);
            var end = expiresAt is { } e ? string.Create(CultureInfo.InvariantCulture, $"expires {e:u}") : "does not expire";
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"Key {key.KeyId} '{key.Name}' ({key.Scope}, {end}); it is not shown again:");
            await parsed.InvocationConfiguration.Output.WriteLineAsync(secret);
            return CommandLine.Succeeded;
        });
        return verb;
    }

    private static Command ListVerb()
    {
        var json = new Option<bool>("--json") { Description = "A JSON array." };
        var data = DataOption();
        var verb = new Command("list", "All keys, newest first, without their secrets.") { json, data };
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            await using var services = KeyCommandServices.Create(parsed.GetValue(data));
            await using var context = await services.GetRequiredService<IDbContextFactory<AnalyticsDbContext>>().CreateDbContextAsync(cancellationToken);
            var now = TimeProvider.System.GetUtcNow().UtcDateTime;
            var keys = (await context.ApiKeys.OrderByDescending(k => k.KeyId).ToListAsync(cancellationToken)).ConvertAll(k => ApiKeyResponse.Of(k, now));
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                await output.WriteLineAsync(JsonSerializer.Serialize(keys, ApiJson.Options));
                return CommandLine.Succeeded;
            }

            await output.WriteLineAsync($"{"id",5} {"scope",-13} {"status",-7} {"prefix",-10} {"created",-20} {"expires",-20} {"last used",-20} name");
            foreach (var k in keys)
            {
                await output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{k.Id,5} {k.Scope,-13} {k.Status,-7} {k.Prefix,-10} {k.CreatedAt,-20:u} {k.ExpiresAt,-20:u} {k.LastUsedAt,-20:u} {k.Name}"));
            }

            return CommandLine.Succeeded;
        });
        return verb;
    }

    private static Command RevokeVerb()
    {
        var id = new Argument<string>("ID") { Description = "The key's id, as the list shows it." };
        var data = DataOption();
        var verb = new Command("revoke", "Revoke a key. Running hosts refuse it, and its sessions, within 5 s.") { id, data };
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            var text = parsed.GetValue(id)!;
            var isNumber = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var keyId);
            Require(isNumber, "ID", text, "the id of a key, a whole number");
            await using var services = KeyCommandServices.Create(parsed.GetValue(data));
            var result = await services.GetRequiredService<ApiKeyRegistry>().RevokeAsync(keyId, Actor.CommandLine, cancellationToken);
            await parsed.InvocationConfiguration.Output.WriteLineAsync(result.Kind switch
            {
                RevocationKind.Revoked => $"Key {keyId} '{result.Name}' is revoked; hosts refuse it within 5 s.",
                RevocationKind.RevokedBefore => $"Key {keyId} '{result.Name}' was revoked already.",
                RevocationKind.LastAdministrator => throw new CommandException(
                    CommandLine.Failed, $"key {keyId} '{result.Name}' is the last administrator's key that is good; make another one first"),
                _ => throw new CommandException(CommandLine.BadInput, $"ID = '{text}': there is no such key; 'keys list' shows them"),
            });
            return CommandLine.Succeeded;
        });
        return verb;
    }

    private static void Require(bool isGood, string argument, string value, string accepted)
    {
        if (!isGood)
        {
            throw new CommandException(CommandLine.BadInput, $"{argument} = '{value}': accepted {accepted}");
        }
    }
}
