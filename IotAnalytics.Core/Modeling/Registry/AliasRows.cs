using System.Data.Common;
using IotAnalytics.Core.Persistence;

namespace IotAnalytics.Core.Modeling.Registry;

/// <summary>The aliases of one model, whose row stays locked until the transaction ends. Every change is a row of the history too.</summary>
internal sealed class AliasRows
{
    private readonly DbTransaction _transaction;
    private readonly string _name;
    private readonly DbTime _now;
    private readonly List<AliasChange> _changes = [];

    private AliasRows(DbTransaction transaction, string name, DbTime now) => (_transaction, _name, _now) = (transaction, name, now);

    public string? Champion { get; private set; }

    public string? Shadow { get; private set; }

    public double ShadowShare { get; private set; }

    /// <summary>What was changed, in order.</summary>
    public IReadOnlyList<AliasChange> Changes => _changes;

    /// <summary>Locks the model's row, which is made when it is missing.</summary>
    public static AliasRows LockOrAdd(DbTransaction transaction, string name, DbTime now)
    {
        transaction.Execute("INSERT INTO model (name, champion, created_at, shadow_share) VALUES (@name, NULL, @now, 0) ON CONFLICT (name) DO NOTHING", ("@name", name), ("@now", now));
        return Lock(transaction, name, now);
    }

    /// <summary>Locks the model's row.</summary>
    /// <exception cref="KeyNotFoundException">There is no such model.</exception>
    public static AliasRows Lock(DbTransaction transaction, string name, DbTime now)
    {
        using var query = transaction.Query($"SELECT champion, shadow, shadow_share FROM model WHERE name = @name{transaction.ForUpdate()}", ("@name", name));
        using var row = query.ExecuteReader();
        return row.Read()
            ? new AliasRows(transaction, name, now)
            {
                Champion = row.IsDBNull(0) ? null : row.GetString(0),
                Shadow = row.IsDBNull(1) ? null : row.GetString(1),
                ShadowShare = row.GetDouble(2),
            }
            : throw new KeyNotFoundException($"There is no model {name}.");
    }

    /// <summary>Nothing changes when it is the champion already. A shadow that becomes the champion is no shadow any more.</summary>
    public void SetChampion(string version, string by, string reason)
    {
        if (version == Champion)
        {
            return;
        }

        if (version == Shadow)
        {
            SetShadow(null, 0, by, $"became the champion: {reason}");
        }

        Append(new AliasChange(AliasChange.Champion, version, Champion, 0), by, reason);
        _transaction.Execute("UPDATE model SET champion = @version WHERE name = @name", ("@version", version), ("@name", _name));
        Champion = version;
    }

    /// <summary>Nothing changes when shadow and share are these already.</summary>
    public void SetShadow(string? version, double share, string by, string reason)
    {
        if (version == Shadow && share == ShadowShare)
        {
            return;
        }

        Append(new AliasChange(AliasChange.Shadow, version, Shadow, share), by, reason);
        _transaction.Execute(
            "UPDATE model SET shadow = @version, shadow_share = @share WHERE name = @name", ("@version", version), ("@share", share), ("@name", _name));
        (Shadow, ShadowShare) = (version, share);
    }

    private void Append(AliasChange change, string by, string reason)
    {
        _transaction.Execute(
            "INSERT INTO model_alias_history (name, alias, version, previous, share, changed_at, changed_by, reason) "
            + "VALUES (@name, @alias, @version, @previous, @share, @now, @by, @reason)",
            ("@name", _name), ("@alias", change.Alias), ("@version", change.Version), ("@previous", change.Previous), ("@share", change.Share),
            ("@now", _now), ("@by", by), ("@reason", reason));
        _changes.Add(change);
    }
}
