namespace IotAnalytics.Core.Readings;

/// <summary>Where a row of a micro-batch ends.</summary>
public enum RowOutcome : byte
{
    /// <summary>Silver (also rows that were not scored).</summary>
    Normal = 0,
    /// <summary>Gold.</summary>
    Anomaly = 1,
    /// <summary>Counted and kept in bronze only.</summary>
    Duplicate = 2,
    /// <summary>Bronze and the dead letters only; has an entry in <see cref="MicroBatch.DeadLetters"/>.</summary>
    DeadLetter = 3,
}
