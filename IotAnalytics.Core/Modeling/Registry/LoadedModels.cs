using IotAnalytics.Core.Scoring;

namespace IotAnalytics.Core.Modeling.Registry;

/// <summary>
/// The versions that were asked for last, by name and version. Bounded: a host that trains every night loads a candidate more each day. Safe for many threads.
/// </summary>
internal sealed class LoadedModels
{
    /// <summary>Versions kept; the files of the greatest are some megabytes.</summary>
    public const int Capacity = 32;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Name, string Version), (ModelSnapshot Model, long Used)> _models = [];
    private long _uses;

    /// <summary>Null when it is not kept.</summary>
    public ModelSnapshot? Find(string name, string version)
    {
        lock (_lock)
        {
            if (!_models.TryGetValue((name, version), out var kept))
            {
                return null;
            }

            _models[(name, version)] = kept with { Used = ++_uses };
            return kept.Model;
        }
    }

    /// <summary>Keeps it in place of the one that was not used for longest. Returns the one that is kept, which another thread may have loaded.</summary>
    public ModelSnapshot Keep(ModelSnapshot model)
    {
        lock (_lock)
        {
            if (_models.TryGetValue((model.Name, model.Version), out var kept))
            {
                return kept.Model;
            }

            if (_models.Count == Capacity)
            {
                _models.Remove(_models.MinBy(m => m.Value.Used).Key);
            }

            _models[(model.Name, model.Version)] = (model, ++_uses);
            return model;
        }
    }
}
