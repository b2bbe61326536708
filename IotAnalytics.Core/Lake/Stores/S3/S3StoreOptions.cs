using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Lake.Stores.S3;

/// <summary>Section <c>Lake:S3</c>. Validated and read only for <c>Lake:Provider</c> <c>S3</c>.</summary>
public sealed class S3StoreOptions
{
    public const string Section = "Lake:S3";

    /// <summary>Address of the store, for example <c>http://versitygw:7070</c>: http or https, host and port only. Default empty: AWS in <see cref="Region"/>.</summary>
    public string ServiceUrl { get; set; } = "";

    /// <summary>Region in the signature, and with AWS the place. Default <c>us-east-1</c>.</summary>
    [Required, RegularExpression("^[a-z0-9-]{1,64}$")]
    public string Region { get; set; } = "us-east-1";

    /// <summary>True: the bucket is the first part of the path; false: a part of the host name. Default: true when <see cref="ServiceUrl"/> is set.</summary>
    public bool? ForcePathStyle { get; set; }

    /// <summary>Access key. Default empty: the AWS chain (environment <c>AWS_ACCESS_KEY_ID</c>, profile, role of the container or machine).</summary>
    public string AccessKeyId { get; set; } = "";

    /// <summary>Secret of <see cref="AccessKeyId"/>; belongs into the environment (<c>Iot__Lake__S3__SecretAccessKey</c>), never into a file. Never logged.</summary>
    public string SecretAccessKey { get; set; } = "";

    /// <summary>Time for one request; a body adds a second per MiB. 100 ms to 1 hour. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Tries of one request before the caller hears of the failure (the pipeline then waits and calls again), 1 to 20. Default 4.</summary>
    [Range(1, 20)]
    public int Tries { get; set; } = 4;

    /// <summary>Wait before the second try, doubled for every further one up to 5 s; the real wait is a random part of it, at least half.
    /// 1 ms to 5 s. Default 200 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:05")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Makes missing buckets at the start instead of refusing to start. Default false: a bucket's name that is mistyped must not become an empty lake.</summary>
    public bool CreateBuckets { get; set; }
}

/// <summary>What annotations cannot say. Values of credentials are never part of a message.</summary>
internal sealed class S3StoreOptionsValidator : IValidateOptions<S3StoreOptions>
{
    public ValidateOptionsResult Validate(string? name, S3StoreOptions options)
    {
        var failures = new List<string>();
        if (options.ServiceUrl.Length > 0
            && !(Uri.TryCreate(options.ServiceUrl, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
                && uri is { UserInfo.Length: 0, Query.Length: 0, Fragment.Length: 0, AbsolutePath: "/" }))
        {
            failures.Add("Lake:S3:ServiceUrl: accepted http:// or https:// with host and port only, no user, path or query; empty for AWS.");
        }

        if (options.AccessKeyId.Length == 0 != (options.SecretAccessKey.Length == 0))
        {
            failures.Add("Lake:S3:AccessKeyId, SecretAccessKey: accepted both, or none (then the AWS chain is used).");
        }

        if (options.SecretAccessKey.Length > 0 && KnownSecrets.Objection(options.AccessKeyId, options.SecretAccessKey) is { } objection)
        {
            failures.Add($"Lake:S3:SecretAccessKey: {objection}.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
