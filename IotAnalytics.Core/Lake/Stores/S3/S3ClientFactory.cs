using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Credentials;
using Amazon.Runtime.Internal;
using Amazon.S3;

namespace IotAnalytics.Core.Lake.Stores.S3;

/// <summary>The SDK's client as we use it: it does not repeat requests and has no time limit; <see cref="S3Calls"/> does both.</summary>
internal static class S3ClientFactory
{
    public static AmazonS3Client Create(S3StoreOptions options)
    {
        var config = Config(options);
        return options.AccessKeyId.Length > 0
            ? new Client(new BasicAWSCredentials(options.AccessKeyId, options.SecretAccessKey), config)
            : new Client(config);
    }

    /// <summary>The pair in force. May ask the container's or machine's metadata service.</summary>
    /// <exception cref="AmazonClientException">There is none.</exception>
    public static async Task<(string AccessKeyId, string Secret)> CredentialsAsync(S3StoreOptions options)
    {
        if (options.AccessKeyId.Length > 0)
        {
            return (options.AccessKeyId, options.SecretAccessKey);
        }

        var chain = await DefaultAWSCredentialsIdentityResolver.GetCredentialsAsync(Config(options)).ConfigureAwait(false);
        var pair = await chain.GetCredentialsAsync().ConfigureAwait(false);
        return (pair.AccessKey, pair.SecretKey);
    }

    private static AmazonS3Config Config(S3StoreOptions options)
    {
        var config = new AmazonS3Config
        {
            ForcePathStyle = options.ForcePathStyle ?? options.ServiceUrl.Length > 0,
            MaxErrorRetry = 0,
            Timeout = Timeout.InfiniteTimeSpan,

            // Other stores do not know the SDK's own trailing checksums; the signature covers the body.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (options.ServiceUrl.Length > 0)
        {
            config.ServiceURL = options.ServiceUrl;
            config.AuthenticationRegion = options.Region;
        }
        else
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        }

        return config;
    }

    /// <summary>Without the SDK's own measurement, which is read by nobody here and writes a stack trace, lines of source looked up, for each 404 and 412: to a lake that finds out by them
    /// what is there, they are answers like any other.</summary>
    private sealed class Client : AmazonS3Client
    {
        public Client(AWSCredentials credentials, AmazonS3Config config)
            : base(credentials, config)
        {
        }

        public Client(AmazonS3Config config)
            : base(config)
        {
        }

        protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
        {
            base.CustomizeRuntimePipeline(pipeline);
            pipeline.RemoveHandler<MetricsHandler>();
        }
    }
}
