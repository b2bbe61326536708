using System.Collections.Immutable;
using System.Data.Common;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Modeling.Registry;

/// <summary>What the aliases of a model mean now.</summary>
/// <param name="ShadowShare">Of the sensors that the shadow decides.</param>
internal readonly record struct ModelAliases(string Name, string? Champion, string? Shadow, double ShadowShare)
{
    /// <summary>Those of all models, by name.</summary>
    public static ImmutableArray<ModelAliases> Read(DbTransaction transaction)
    {
        using var query = transaction.Query("SELECT name, champion, shadow, shadow_share FROM model ORDER BY name");
        using var rows = query.ExecuteReader();
        var models = ImmutableArray.CreateBuilder<ModelAliases>();
        while (rows.Read())
        {
            models.Add(new ModelAliases(rows.GetString(0), rows.IsDBNull(1) ? null : rows.GetString(1), rows.IsDBNull(2) ? null : rows.GetString(2), rows.GetDouble(3)));
        }

        return models.ToImmutable();
    }
}
