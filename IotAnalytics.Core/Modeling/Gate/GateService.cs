using System.Data.Common;
using IotAnalytics.Core.Modeling.Registry;
using IotAnalytics.Core.Modeling.Training.Runs;
using IotAnalytics.Core.Persistence;
using IotAnalytics.Core.Roles;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IotAnalytics.Core.Modeling.Gate;

/// <summary>
/// Judges every version that a training run has made, and promotes it where the profile says <c>Managed</c> and the verdict is to promote. What there is to do
/// is what has no report yet: a host that is killed while it judges leaves the work to the next.
/// </summary>
internal sealed class GateService(
    CandidateGate gate,
    ModelRegistry registry,
    DatabaseReader reader,
    HostRoles roles,
    IOptions<TrainingPolicies> policies,
    TimeProvider time,
    ILogger<GateService> logger) : BackgroundService
{
    /// <summary>As whom it promotes.</summary>
    public const string Author = "gate";

    /// <summary>How often a version is tried before it is left to people.</summary>
    private const int MaxTries = 3;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    private readonly Dictionary<(string Name, string Version), int> _failed = [];

    /// <summary>Judges what waits.</summary>
    public async Task JudgeWaitingAsync(CancellationToken cancellationToken)
    {
        foreach (var (name, version) in await reader.ReadAsync(GateRows.Waiting, cancellationToken).ConfigureAwait(false))
        {
            var tries = _failed.GetValueOrDefault((name, version));
            if (tries >= MaxTries)
            {
                continue;
            }

            try
            {
                var (id, report) = await gate.JudgeAsync(name, version, cancellationToken).ConfigureAwait(false);
                await PromoteAsync(id, report, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // Whatever it is, it is this version's, and must not end the host: a person can ask again.
                _failed[(name, version)] = tries + 1;
                logger.NotJudged(name, version, tries + 1, MaxTries, e);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (roles.Holds(HostRole.ModelKeeper))
                {
                    await JudgeWaitingAsync(stoppingToken).ConfigureAwait(false);
                }
            }
            catch (DbException e)
            {
                logger.GateQueueUnavailable(e.Message);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(LookEvery, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task PromoteAsync(long id, GateReport report, CancellationToken cancellationToken)
    {
        if (report.Verdict != GateVerdict.Promote || policies.Value.Of(report.Name).Promotion != TrainingPolicy.Managed)
        {
            return;
        }

        var isPromoted = await registry.SetChampionAsync(
            report.Name, report.Version, report.Champion, Author, $"gate report {id}: {report.Gain()}", cancellationToken).ConfigureAwait(false);
        if (!isPromoted)
        {
            logger.ChampionChangedMeanwhile(report.Name, report.Version, report.Champion);
        }
    }
}
