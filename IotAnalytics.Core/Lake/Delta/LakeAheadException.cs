namespace IotAnalytics.Core.Lake.Delta;

/// <summary>The lake has what the database does not know: the database was restored from a backup, or belongs to another lake.</summary>
public sealed class LakeAheadException(string message) : Exception(message);

/// <summary>A file that a rewrite would replace is no longer live. The rewrite is abandoned; nothing was committed.</summary>
internal sealed class LakeConflictException(string message) : Exception(message);
