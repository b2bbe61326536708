namespace IotAnalytics.Core.Diagnostics;

/// <summary>Log event ids: 1000 commit log and ingestion, 2000 pipeline, 3000 lake, 4000 models, 5000 web and security, 6000 database, 7000 simulation.
/// An id is never given a second meaning; the operations page has an entry for each warning and error.</summary>
public static partial class EventIds;
