namespace IotAnalytics.Core.Readings;

/// <summary>An item of a record that cannot become a reading. The bytes stay in bronze; this says why.</summary>
/// <param name="Record">Index of the record within <see cref="MicroBatch.Records"/>.</param>
/// <param name="Item">Position of the item within the record; 0 for an unreadable record.</param>
/// <param name="Reason">One of <see cref="DeadLetterReasons"/>.</param>
/// <param name="Field">The field at fault: <c>sensor_id</c>, <c>timestamp</c>, a measurement's name, or empty for the item as a whole.</param>
/// <param name="Detail">Field, value and what is accepted; at most 200 characters.</param>
/// <param name="PayloadStart">Where the item's bytes begin in the batch's buffer.</param>
/// <param name="PayloadLength">Length of the item's bytes.</param>
public readonly record struct DeadLetter(int Record, int Item, string Reason, string Field, string Detail, int PayloadStart, int PayloadLength);

/// <summary>Why an item is a dead letter. The names are stored: they may only grow.</summary>
public static class DeadLetterReasons
{
    public const string MalformedJson = "malformed_json";
    public const string NotAnObject = "not_an_object";
    public const string MissingSensorId = "missing_sensor_id";
    public const string InvalidSensorId = "invalid_sensor_id";
    public const string MissingTimestamp = "missing_timestamp";
    public const string InvalidTimestamp = "invalid_timestamp";
    public const string TimeOutOfRange = "time_out_of_range";
    public const string WrongType = "wrong_type";
    public const string NotFinite = "not_finite";
    public const string DuplicateKey = "duplicate_key";
    public const string TooDeep = "too_deep";
    public const string TooManyItems = "too_many_items";
    public const string TooManyDates = "too_many_dates";
    public const string MissingRecordTime = "missing_record_time";
    public const string EmptyRecord = "empty_record";
    public const string UnknownProfile = "unknown_profile";
    public const string AmbiguousProfile = "ambiguous_profile";
    /// <summary>The pipeline itself failed on this record; bisected down to it and kept here so that the others go on.</summary>
    public const string Poison = "poison";
}
