namespace IotAnalytics.Tests.Readings;

/// <summary>A saved sensor table of version 1: <c>sensor_001</c> with ten readings a second apart, temperature 20 to 29, humidity 51.5, and <c>plant/2</c> with one.</summary>
internal static class GoldenSensorTable
{
    public const string Base64 =
        "SU9UU0VOUwoBAAAAAQAAAAIAAABaAQAAAAAAAAdjbGltYXRlAgAIaHVtaWRpdHkLdGVtcGVyYXR1cmUKc2Vuc29yXzAwMQAACgAAAAAAAAAoy9p2mwEAANCv2nabAQAAmiOTLLtgE+C4s9p2mwEAAJqj6mq7YOBsoLfadpsBAACaI0wgu2Ct+Yi72nabAQAAmqOnH7tgeoZwv9p2mwEAAJojOVW7YEcTWMPadpsBAACao5AMu2AUoEDH2nabAQAAmiPqSrtg4Swoy9p2mwEAAJqjTQC7YK65AAAAAADASUAAqNp2mwEAAAoAAAAAAAAAAAA9QCjL2nabAQAAAQAAAAdwbGFudC8yAAABAAAAAAAAAACo2nabAQAAAKjadpsBAACh98T6zQi+DAAAAAAAAABAAKjadpsBAAABAAAAAAAAAAAA8D8AqNp2mwEAAAEAAACgN92J8lqPdg==";
}
