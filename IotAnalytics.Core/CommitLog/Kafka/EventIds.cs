namespace IotAnalytics.Core.Diagnostics;

public static partial class EventIds
{
    public const int KafkaOpened = 1020;
    public const int KafkaClosed = 1021;
    public const int KafkaTopicCreated = 1022;
    public const int KafkaClientError = 1023;
    public const int KafkaClientLog = 1024;
    public const int KafkaConsumerRebuilt = 1025;
    public const int KafkaProducerRebuilt = 1026;
    public const int KafkaOffsetsNotCommitted = 1027;
    public const int KafkaTopicLost = 1028;
    public const int KafkaPartitionsGrown = 1029;
    public const int KafkaSettingsUnknown = 1030;
    public const int KafkaPartitionsAssigned = 1031;
    public const int KafkaPartitionsRevoked = 1032;
    public const int KafkaPartitionsLost = 1033;
    public const int KafkaMemberRebuilt = 1034;
    public const int KafkaGroupNotLeft = 1035;
    public const int KafkaDeadLettersNotSent = 1036;
}
